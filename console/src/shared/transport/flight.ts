// One answer in flight on a WebSocket: what was asked, how far it came, whom to tell.

import { aborted, Failure, failureOf } from '@/shared/api/failure'
import type { ChatBody, ServerFrame } from '@/shared/api/types'

import type { AnswerOptions } from './answer'
import { ChunkReader } from './chunks'
import type { ClientFrame } from './frames'

export class Flight {
  readonly done: Promise<void>
  /** When its connection broke; absent while it has one. */
  lostAt: number | undefined
  private resolve!: () => void
  private reject!: (reason: Error) => void
  private readonly chunks: ChunkReader
  private stream: string | undefined
  private seq = 0
  private breaks = 0

  constructor(
    readonly id: string,
    private readonly asked: { body: ChatBody } | { stream: string },
    private readonly options: AnswerOptions,
  ) {
    this.chunks = new ChunkReader(options.onEvent)
    this.stream = 'stream' in asked ? asked.stream : undefined
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  /** Whether anything of the answer was seen. */
  get started(): boolean {
    return this.stream !== undefined
  }

  /** The frame that starts it, or that goes on with it on a new connection. */
  opening(): ClientFrame {
    if (this.stream !== undefined)
      return { type: 'resume', id: this.id, stream: this.stream, after: this.seq }
    if ('stream' in this.asked) throw new Failure('A stream without its name cannot be resumed.')
    const { resumeSeconds } = this.options
    const resume = resumeSeconds ? { resume: resumeSeconds } : {}
    return { type: 'chat', id: this.id, body: this.asked.body, ...resume }
  }

  /** Whether a new connection can carry it on at `now`. */
  survives(now: number): boolean {
    // Nothing of the answer was seen, so asking once more is no harm: a connection that went
    // stale while idle shows it only at the next question.
    if (this.stream === undefined) return this.breaks < 2
    const seconds = this.options.resumeSeconds ?? 0
    return seconds > 0 && now - (this.lostAt ?? now) < seconds * 1000
  }

  /** Tells, once until it is restored, that the connection broke. */
  lose(now: number): void {
    this.breaks += 1
    if (this.lostAt !== undefined) return
    this.lostAt = now
    if (this.stream !== undefined) this.options.onEvent({ type: 'lost' })
  }

  /** Takes a frame that names it; says whether that was its last. */
  take(frame: ServerFrame): boolean {
    this.regain()
    switch (frame.type) {
      case 'started':
        this.stream = frame.stream
        this.chunks.start(frame.stream, frame.model)
        return false
      case 'chunk':
        return this.chunk(frame.seq, frame.data)
      case 'done':
        this.chunks.finish({ finishReason: frame.finish_reason, metrics: frame.metrics })
        this.resolve()
        return true
      case 'error':
        this.fail(failureOf({ error: { status: frame.status, ...asObject(frame.error) } }))
        return true
      default:
        return false
    }
  }

  fail(reason: Error): void {
    this.reject(reason)
  }

  stop(): void {
    this.reject(aborted())
  }

  private chunk(seq: number, data: unknown): boolean {
    // After a resume the server may send again what was already here.
    if (seq <= this.seq) return false
    this.seq = seq
    try {
      this.chunks.take(data)
      return false
    } catch (thrown) {
      this.fail(thrown as Error)
      return true
    }
  }

  private regain(): void {
    if (this.lostAt === undefined) return
    this.lostAt = undefined
    if (this.stream !== undefined) this.options.onEvent({ type: 'resumed' })
  }
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
