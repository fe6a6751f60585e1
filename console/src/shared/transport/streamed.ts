// An answer over server-sent events. A connection that breaks is restored and the answer goes on
// where it was, as long as the server keeps the stream.

import type { Api } from '@/shared/api/client'
import { aborted, asFailure, connectionLost, failureOf } from '@/shared/api/failure'

import type { AnswerOptions, Call } from './answer'
import { ChunkReader } from './chunks'
import { pause, waitBefore } from './patience'
import { readEvents } from './sse'

type Body = ReadableStream<Uint8Array>

/** Asks, and gives the answer as it is written. */
export async function answerBySse(
  api: Api,
  call: Exclude<Call, { kind: 'summary' }>,
  options: AnswerOptions,
): Promise<void> {
  const reading = new Reading(api, options)
  await reading.run(await open(api, call, options))
}

/** Gives a stream that was started earlier, from its first event, and goes on with it. */
export async function resumeBySse(api: Api, stream: string, options: AnswerOptions): Promise<void> {
  const reading = new Reading(api, options)
  await reading.run(await reopen(api, stream, `${stream}:0`, options.signal))
}

async function open(
  api: Api,
  call: Exclude<Call, { kind: 'summary' }>,
  { signal, resumeSeconds }: AnswerOptions,
): Promise<Body> {
  const settings = {
    parseAs: 'stream',
    signal,
    headers: resumeSeconds ? { 'x-busbar-resume': String(resumeSeconds) } : {},
  } as const
  const { data, error, response } =
    call.kind === 'chat'
      ? await api.POST('/v1/chat/completions', {
          body: { ...call.body, stream: true },
          ...settings,
        })
      : await api.POST('/v1/completions', { body: { ...call.body, stream: true }, ...settings })
  if (!data) throw failureOf(error, response)
  return data
}

async function reopen(api: Api, stream: string, last: string, signal: AbortSignal): Promise<Body> {
  const { data, error, response } = await api.GET('/v1/streams/{id}', {
    params: { path: { id: stream }, header: { 'last-event-id': last } },
    parseAs: 'stream',
    signal,
  })
  if (!data) throw failureOf(error, response)
  return data
}

/** One answer being read, over as many connections as it takes. */
class Reading {
  private readonly chunks: ChunkReader
  private last = ''

  constructor(
    private readonly api: Api,
    private readonly options: AnswerOptions,
  ) {
    this.chunks = new ChunkReader(options.onEvent)
  }

  async run(body: Body): Promise<void> {
    try {
      for (let next: Body = body; !(await this.read(next));) {
        next = await this.restore()
        this.options.onEvent({ type: 'resumed' })
      }
    } catch (thrown) {
      if (!this.options.signal.aborted) throw thrown
      this.cancel()
      throw aborted()
    }
  }

  /** Reads one connection; says whether the answer is whole. */
  private async read(body: Body): Promise<boolean> {
    try {
      for await (const event of readEvents(body)) {
        if (event.data === '[DONE]') {
          this.chunks.finish()
          return true
        }
        this.chunks.take(JSON.parse(event.data))
        this.last = event.id
      }
    } catch (thrown) {
      // `fetch` reports a broken connection as a TypeError; anything else is not the network's.
      if (!(thrown instanceof TypeError)) throw thrown
    }
    return false
  }

  private async restore(): Promise<Body> {
    const { resumeSeconds, signal, onEvent } = this.options
    const stream = this.chunks.stream
    if (!resumeSeconds || !stream || !this.last) throw connectionLost()
    onEvent({ type: 'lost' })
    const until = Date.now() + resumeSeconds * 1000
    for (let attempt = 0; Date.now() < until; attempt += 1) {
      await pause(waitBefore(attempt), signal)
      try {
        return await reopen(this.api, stream, this.last, signal)
      } catch (thrown) {
        // An answer, even a refusal, ends the attempts; silence does not.
        if (signal.aborted || asFailure(thrown).status !== undefined) throw thrown
      }
    }
    throw connectionLost()
  }

  /** A resumable stream outlives its connection, so stopping it takes a word. */
  private cancel(): void {
    const stream = this.chunks.stream
    if (!stream || !this.options.resumeSeconds) return
    const gone = this.api.DELETE('/v1/streams/{id}', { params: { path: { id: stream } } })
    gone.catch(() => undefined)
  }
}
