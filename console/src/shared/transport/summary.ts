// A summary over server-sent events with names: progress, pieces of text, the end.

import type { Api } from '@/shared/api/client'
import { aborted, connectionLost, failureOf } from '@/shared/api/failure'
import type { SummaryAnswer, SummaryBody, SummaryPiece, SummaryProgress } from '@/shared/api/types'

import type { AnswerOptions } from './answer'
import { readEvents, type SseEvent } from './sse'

export async function summaryBySse(
  api: Api,
  body: SummaryBody,
  options: AnswerOptions,
): Promise<void> {
  const { data, error, response } = await api.POST('/v1/summaries', {
    body: { ...body, stream: true },
    parseAs: 'stream',
    signal: options.signal,
  })
  if (!data) throw failureOf(error, response)
  options.onEvent({ type: 'started', stream: undefined, model: body.model ?? undefined })
  try {
    for await (const event of readEvents(data)) {
      if (take(event, options)) return
    }
  } catch (thrown) {
    throw options.signal.aborted ? aborted() : thrown
  }
  throw connectionLost()
}

/** Says whether it was the end. */
function take(event: SseEvent, { onEvent }: AnswerOptions): boolean {
  const data: unknown = JSON.parse(event.data)
  switch (event.event) {
    case 'progress':
      onEvent({ type: 'progress', ...(data as SummaryProgress) })
      return false
    case 'delta':
      onEvent({ type: 'text', text: (data as SummaryPiece).text })
      return false
    case 'error':
      throw failureOf(data)
    case 'done': {
      const { parts, rounds, busbar, finish_reason } = data as SummaryAnswer
      onEvent({
        type: 'done',
        finishReason: finish_reason,
        metrics: busbar,
        summary: { parts, rounds },
      })
      return true
    }
    default:
      return false
  }
}
