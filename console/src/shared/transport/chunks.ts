// Reads the chunks of a stream, which are the same over SSE and WebSocket, into answer events.

import { failureOf } from '@/shared/api/failure'
import type { ChatChunk, CompletionAnswer, Metrics } from '@/shared/api/types'

import type { AnswerEvent } from './answer'

/** A piece of a chat, a piece of a text, or the error that ended either. */
type Chunk = Partial<ChatChunk | CompletionAnswer> & { error?: unknown }

/** Remembers what the chunks of one stream said until its end is known. */
export class ChunkReader {
  private started = false
  private finishReason = 'stop'
  private metrics: Metrics | undefined
  /** The stream's own id, for resuming and cancelling. */
  stream: string | undefined

  constructor(private readonly onEvent: (event: AnswerEvent) => void) {}

  /** Takes the next chunk; throws the `Failure` that it carries. */
  take(data: unknown): void {
    const chunk = data as Chunk
    if (chunk.error !== undefined) throw failureOf(chunk)
    this.start(chunk.id, chunk.model)
    this.metrics = chunk.busbar ?? this.metrics
    const over = chunk.busbar_resumed
    if (over) this.onEvent({ type: 'handed-over', from: over.from, to: over.to })
    const choice = chunk.choices?.[0]
    const text = choice && ('delta' in choice ? choice.delta.content : choice.text)
    if (text) this.onEvent({ type: 'text', text })
    this.finishReason = choice?.finish_reason ?? this.finishReason
  }

  /** Tells once that the answer has begun. */
  start(stream: string | undefined, model: string | undefined): void {
    if (this.started) return
    this.started = true
    this.stream = stream
    this.onEvent({ type: 'started', stream, model })
  }

  /** Tells that the answer is whole; a WebSocket's `done` frame says more than the chunks did. */
  finish(said: { finishReason?: string; metrics?: Metrics } = {}): void {
    this.onEvent({
      type: 'done',
      finishReason: said.finishReason ?? this.finishReason,
      metrics: said.metrics ?? this.metrics,
    })
  }
}
