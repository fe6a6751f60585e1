// What every way of receiving an answer has in common: what is asked, and what comes back.

import type { ChatBody, CompletionBody, Metrics, SummaryBody } from '@/shared/api/types'

/** The three ways to receive an answer. */
export type Way = 'sse' | 'ws' | 'rest'

/** What is asked of the server. */
export type Call =
  | { kind: 'chat'; body: ChatBody }
  | { kind: 'generate'; body: CompletionBody }
  | { kind: 'summary'; body: SummaryBody }

/** Whether a way can carry a kind of call: the WebSocket protocol knows chats only. */
export function carries(way: Way, kind: Call['kind']): boolean {
  return way !== 'ws' || kind === 'chat'
}

/** What happens while an answer comes. The promise of the call ends it: resolved, or a `Failure`. */
export type AnswerEvent =
  /** Accepted. `stream` is what resuming wants; absent where the answer cannot be resumed. */
  | { type: 'started'; stream: string | undefined; model: string | undefined }
  | { type: 'text'; text: string }
  | { type: 'progress'; stage: string; done: number; total: number }
  /** The connection broke; it is being restored. */
  | { type: 'lost' }
  | { type: 'resumed' }
  /** A model was lost in the middle of its answer; another one goes on where the text ended. */
  | { type: 'handed-over'; from: string; to: string }
  | { type: 'done'; finishReason: string; metrics: Metrics | undefined; summary?: SummaryFacts }

export interface SummaryFacts {
  parts: number
  rounds: number
}

export interface AnswerOptions {
  /** Stops the answer. The call then rejects with an `AbortError`. */
  signal: AbortSignal
  onEvent: (event: AnswerEvent) => void
  /** For how many seconds the server keeps the stream when the connection breaks. */
  resumeSeconds?: number
}
