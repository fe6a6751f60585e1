// What the playground remembers: conversations, their turns, and how answers are asked for.

import type { FailureFields } from '@/shared/api/failure'
import type { Way } from '@/shared/transport/answer'

export type Mode = 'chat' | 'generate' | 'summary'

/** Parameters left out are the model's own. */
export interface Sampling {
  temperature?: number
  top_p?: number
  top_k?: number
  min_p?: number
  max_tokens?: number
  seed?: number
}

export type SummaryStyle = 'paragraph' | 'bullets' | 'headline'
export type SummaryLength = 'short' | 'medium' | 'long'

export interface Settings {
  /** The model asked for; absent: the first that the server offers. */
  model?: string
  way: Way
  system: string
  sampling: Sampling
  /** Texts that end an answer. */
  stop: readonly string[]
  json: boolean
  style: SummaryStyle
  length: SummaryLength
}

export interface Question {
  id: string
  role: 'user'
  text: string
  /** The file that the text came from. */
  file?: string
}

export interface Readout {
  model: string
  firstMs?: number
  totalMs: number
  tokensPerSecond?: number
  tokensIn: number
  tokensCached: number
  tokensOut: number
  parts?: number
  rounds?: number
}

export interface Answer {
  id: string
  role: 'assistant'
  text: string
  state: 'waiting' | 'writing' | 'done' | 'stopped' | 'failed'
  way: Way
  /** Whether it was held to JSON. */
  json?: boolean
  /** When it was asked for, in milliseconds since 1970. */
  askedAt: number
  /** How much of the text was there before it was asked to go on. */
  kept?: number
  /** The server's name of the stream, while it may be resumed. */
  stream?: string
  /** What happened to the connection. */
  line?: 'lost' | 'resumed'
  progress?: { stage: string; done: number; total: number }
  finishReason?: string
  readout?: Readout
  failure?: FailureFields & { message: string }
}

export type Turn = Question | Answer

export interface Conversation {
  id: string
  mode: Mode
  title: string
  createdAt: number
  updatedAt: number
  settings: Settings
  turns: readonly Turn[]
}

export const DEFAULTS: Settings = {
  way: 'sse',
  system: '',
  sampling: {},
  stop: [],
  json: false,
  style: 'paragraph',
  length: 'medium',
}

export function isBusy(answer: Answer): boolean {
  return answer.state === 'waiting' || answer.state === 'writing'
}

/** The answer that is being written, where one is. */
export function busyAnswer(conversation: Conversation): Answer | undefined {
  const last = conversation.turns.at(-1)
  return last?.role === 'assistant' && isBusy(last) ? last : undefined
}
