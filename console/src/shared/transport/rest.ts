// An answer over REST: one JSON body, nothing before it is whole.

import type { Api } from '@/shared/api/client'
import { failureOf } from '@/shared/api/failure'
import type { ChatAnswer, Metrics, SummaryAnswer } from '@/shared/api/types'

import type { AnswerEvent, AnswerOptions, Call } from './answer'

export async function answerByRest(api: Api, call: Call, options: AnswerOptions): Promise<void> {
  const { text, model, ...done } = await ask(api, call, options.signal)
  options.onEvent({ type: 'started', stream: undefined, model })
  if (text) options.onEvent({ type: 'text', text })
  options.onEvent({ type: 'done', ...done })
}

type Whole = Omit<Extract<AnswerEvent, { type: 'done' }>, 'type'> & { text: string; model: string }

async function ask(api: Api, call: Call, signal: AbortSignal): Promise<Whole> {
  switch (call.kind) {
    case 'chat': {
      const body = { ...call.body, stream: false }
      const { data, error, response } = await api.POST('/v1/chat/completions', { body, signal })
      if (!data) throw failureOf(error, response)
      // Not streamed, so it is the whole answer and no chunk.
      const answer = data as ChatAnswer
      const choice = answer.choices[0]
      return whole(answer, choice?.message.content, choice?.finish_reason)
    }
    case 'generate': {
      const body = { ...call.body, stream: false }
      const { data, error, response } = await api.POST('/v1/completions', { body, signal })
      if (!data) throw failureOf(error, response)
      const choice = data.choices[0]
      return whole(data, choice?.text, choice?.finish_reason)
    }
    case 'summary': {
      const body = { ...call.body, stream: false }
      const { data, error, response } = await api.POST('/v1/summaries', { body, signal })
      if (!data) throw failureOf(error, response)
      const answer = data as SummaryAnswer
      const summary = { parts: answer.parts, rounds: answer.rounds }
      return { ...whole(answer, answer.summary, answer.finish_reason), summary }
    }
  }
}

function whole(
  answer: { model: string; busbar?: Metrics | null },
  text: string | null | undefined,
  finishReason: string | null | undefined,
): Whole {
  return {
    text: text ?? '',
    model: answer.model,
    finishReason: finishReason ?? 'stop',
    metrics: answer.busbar ?? undefined,
  }
}
