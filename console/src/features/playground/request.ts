// Makes what is sent to the server from what the playground remembers.

import type { Message } from '@/shared/api/types'
import { carries, type Call, type Way } from '@/shared/transport/answer'

import type { Conversation, Mode, Settings, Turn } from './model'

const KIND: Record<Mode, Call['kind']> = { chat: 'chat', generate: 'generate', summary: 'summary' }

/** Where no limit is set. The API's own default, 16 tokens, is little to look at. */
const LONGEST_CONTINUATION = 200

/** The way that is taken: the one chosen, unless it cannot carry this kind of answer. */
export function wayOf(mode: Mode, chosen: Way): Way {
  return carries(chosen, KIND[mode]) ? chosen : 'sse'
}

/** The call whose answer follows the question at the end of `turns`. `so far` is an answer's text
 *  that is to be gone on with. */
export function callFor(
  { mode, settings }: Pick<Conversation, 'mode' | 'settings'>,
  turns: readonly Turn[],
  model: string,
  soFar = '',
): Call {
  const question = turns.findLast((turn) => turn.role === 'user')?.text ?? ''
  switch (mode) {
    case 'chat': {
      const messages = messagesOf(turns, settings.system)
      const format = settings.json ? { response_format: { type: 'json_object' as const } } : {}
      return { kind: 'chat', body: { model, messages, ...sampling(settings), ...format } }
    }
    case 'generate':
      return {
        kind: 'generate',
        body: {
          model,
          prompt: question + soFar,
          max_tokens: LONGEST_CONTINUATION,
          ...sampling(settings),
        },
      }
    case 'summary': {
      const { style, length } = settings
      const { temperature, seed, max_tokens } = settings.sampling
      const given = present({ temperature, seed, max_tokens })
      return { kind: 'summary', body: { model, text: question, style, length, ...given } }
    }
  }
}

/** Pairs of question and answer; a question that got no answer is left out, unless it is the last:
 *  most chat templates want the roles in turn. */
function messagesOf(turns: readonly Turn[], system: string): Message[] {
  const messages: Message[] = system.trim() ? [{ role: 'system', content: system }] : []
  turns.forEach((turn, index) => {
    if (turn.role !== 'user') return
    const next = turns[index + 1]
    const answer = next?.role === 'assistant' ? next.text : ''
    if (!answer && turns.slice(index + 1).some(({ role }) => role === 'user')) return
    messages.push({ role: 'user', content: turn.text })
    if (answer) messages.push({ role: 'assistant', content: answer })
  })
  return messages
}

function sampling(settings: Settings) {
  const stop = settings.stop.length > 0 ? [...settings.stop] : undefined
  return present({ ...settings.sampling, stop })
}

/** The fields that have a value. */
function present<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}
