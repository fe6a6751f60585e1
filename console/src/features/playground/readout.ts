// The figures of an answer, from what the server measured.

import type { AnswerEvent } from '@/shared/transport/answer'

import type { Readout } from './model'

type Done = Extract<AnswerEvent, { type: 'done' }>

export function readoutOf({ metrics, summary }: Done): Readout | undefined {
  if (!metrics) return undefined
  const { first_chunk_ms: firstMs, tokens_per_second: tokensPerSecond } = metrics
  return {
    model: metrics.model,
    totalMs: metrics.total_ms,
    tokensIn: metrics.tokens_in,
    tokensCached: metrics.tokens_cached,
    tokensOut: metrics.tokens_out,
    ...(firstMs != null && { firstMs }),
    ...(tokensPerSecond != null && { tokensPerSecond }),
    ...summary,
  }
}
