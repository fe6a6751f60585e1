// Watches one job to its end: by its event stream, which goes on where it broke, and by asking now and
// then where no stream comes through.

import { answered } from '@/shared/api/answered'
import type { Api } from '@/shared/api/client'
import { asFailure, failureOf, isAbort } from '@/shared/api/failure'
import type { ImageJob, ImageJobEvent } from '@/shared/api/types'
import { pause, waitBefore } from '@/shared/transport/patience'
import { readEvents } from '@/shared/transport/sse'

import { isOver } from './model'

/** A stream tells at once how the job stands; one that says nothing is held back by someone. */
const FIRST_MS = 5000
/** A step of a large picture may take long; asking once meanwhile costs little. */
const SILENT_MS = 25_000
/** After so many streams that told nothing, it is asked for; every eighth time a stream is tried again. */
const STREAMS = 3
const BETWEEN = 8

export interface Watching {
  signal: AbortSignal
  onEvent: (event: ImageJobEvent) => void
  onJob: (job: ImageJob) => void
  /** Whether the server is out of reach. */
  onLine: (there: boolean) => void
}

/** Resolves when the job is over; rejects with a `Failure` when it is gone, or with an `AbortError`. */
export async function watchJob(api: Api, id: string, watching: Watching): Promise<void> {
  const { signal, onJob, onLine } = watching
  const reading = new Reading(api, id, watching)
  for (let fruitless = 0; ; fruitless += 1) {
    if (fruitless < STREAMS || fruitless % BETWEEN === 0) {
      const told = await reading.run()
      if (reading.over) return
      if (told > 0) fruitless = 0
    }
    try {
      const asking = api.GET('/v1/images/jobs/{id}', { params: { path: { id } }, signal })
      const job = await answered(asking)
      onLine(true)
      onJob(job)
      if (isOver(job)) return
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown
      const failure = asFailure(thrown)
      if (failure.status === 404) throw failure
      onLine(false)
    }
    await pause(waitBefore(fruitless), signal)
  }
}

/** The job's events, over as many connections as it takes. */
class Reading {
  over = false
  private last: string | undefined

  constructor(
    private readonly api: Api,
    private readonly id: string,
    private readonly watching: Watching,
  ) {}

  /** Reads one connection to its end; gives how many events came. */
  async run(): Promise<number> {
    const { signal, onEvent, onLine } = this.watching
    const own = new AbortController()
    const stop = () => own.abort()
    signal.addEventListener('abort', stop)
    let silence = setTimeout(stop, this.last === undefined ? FIRST_MS : SILENT_MS)
    let told = 0
    try {
      for await (const { id, event, data } of readEvents(await this.open(own.signal))) {
        clearTimeout(silence)
        silence = setTimeout(stop, SILENT_MS)
        // The server says why it ends the stream; asking for the job tells the same.
        if (event === 'error') break
        onLine(true)
        told += 1
        this.last = id
        const happened = JSON.parse(data) as ImageJobEvent
        onEvent(happened)
        this.over = happened.job != null
        if (this.over) break
      }
    } catch (thrown) {
      if (signal.aborted) throw thrown
      if (asFailure(thrown).status === 404) throw thrown
    } finally {
      clearTimeout(silence)
      signal.removeEventListener('abort', stop)
    }
    return told
  }

  private async open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    signal.throwIfAborted()
    const { data, error, response } = await this.api.GET('/v1/images/jobs/{id}/events', {
      params: {
        path: { id: this.id },
        header: this.last === undefined ? {} : { 'last-event-id': this.last },
      },
      parseAs: 'stream',
      signal,
    })
    if (!data) throw failureOf(error, response)
    return data
  }
}
