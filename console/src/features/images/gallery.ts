// The jobs of this server that the page knows: listed, submitted, watched, stopped, removed.

import { answered } from '@/shared/api/answered'
import type { Api } from '@/shared/api/client'
import { asFailure, isAbort } from '@/shared/api/failure'
import type { ImageJob, ImageJobBody } from '@/shared/api/types'
import { Store } from '@/shared/lib/store'
import { pause, waitBefore } from '@/shared/transport/patience'

import { applied } from './events'
import { isOver, type Refusal } from './model'
import { watchJob } from './watch'

const PAGE = 30
/** A browser has six connections to a server for all its pages; streams must not take them all. */
const STREAMS = 2
/** How often those that wait without a stream are asked for their place. */
const PLACE_MS = 3000
const PLACES = 8
const ATTEMPTS = 4

export interface Shown {
  phase: 'loading' | 'ready' | 'failed'
  /** Newest first. */
  jobs: readonly ImageJob[]
  /** What to ask the next page with. */
  next: string | undefined
  failure: Refusal | undefined
  /** Jobs whose server is out of reach. */
  lost: ReadonlySet<string>
}

export class Gallery {
  readonly shown = new Store<Shown>({
    phase: 'loading',
    jobs: [],
    next: undefined,
    failure: undefined,
    lost: new Set(),
  })
  private readonly watches = new Map<string, AbortController>()
  /** Taken off the page; what the server still tells of them is not put back. */
  private readonly removed = new Set<string>()
  private timer: ReturnType<typeof setInterval> | undefined
  private awake = false

  constructor(
    private readonly api: Api,
    /** Told what changed about a job that was known. */
    private readonly onChange: (before: ImageJob, job: ImageJob) => void = () => undefined,
  ) {}

  /** Reads what there is, and follows what is under way. */
  async wake(): Promise<void> {
    this.awake = true
    this.timer ??= setInterval(() => void this.places(), PLACE_MS)
    try {
      const page = await this.page()
      this.change(({ jobs, next }) => ({
        phase: 'ready',
        failure: undefined,
        jobs: merged(page.data, jobs),
        // Pages that were read already stay read.
        next: jobs.length > PAGE ? next : (page.next ?? undefined),
      }))
    } catch (thrown) {
      this.change(() => ({ phase: 'failed', failure: refusal(thrown) }))
    }
    this.follow()
  }

  /** Lets go of every connection; jobs go on without anyone looking. */
  sleep(): void {
    this.awake = false
    clearInterval(this.timer)
    this.timer = undefined
    for (const control of this.watches.values()) control.abort()
    this.watches.clear()
  }

  async more(): Promise<void> {
    const page = await this.page(this.shown.get().next)
    this.change(({ jobs }) => ({ jobs: merged(jobs, page.data), next: page.next ?? undefined }))
    this.follow()
  }

  /** Submits; an answer that was lost on its way is asked for again under the same key, which makes one
   *  job however often it is sent. */
  async submit(body: ImageJobBody, key: string): Promise<ImageJob> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const params = { header: { 'idempotency-key': key } }
        const job = await answered(this.api.POST('/v1/images/jobs', { params, body }))
        this.take(job)
        return job
      } catch (thrown) {
        if (asFailure(thrown).status !== undefined || attempt === ATTEMPTS) throw thrown
        await pause(waitBefore(attempt), new AbortController().signal)
      }
    }
  }

  async cancel(id: string): Promise<void> {
    const params = { path: { id } }
    this.take(await answered(this.api.POST('/v1/images/jobs/{id}/cancel', { params })))
  }

  /** Asks how a job stands; addresses of its pictures are valid for an hour only. */
  async refresh(id: string): Promise<void> {
    const params = { path: { id } }
    this.take(await answered(this.api.GET('/v1/images/jobs/{id}', { params })))
  }

  /** Takes a job off the page; `remove` makes it final. */
  hide(id: string): void {
    this.removed.add(id)
    this.change(({ jobs }) => ({ jobs: jobs.filter((job) => job.id !== id) }))
    this.follow()
  }

  /** Puts it back. */
  async restore(id: string): Promise<void> {
    this.removed.delete(id)
    await this.refresh(id)
  }

  /** Removes a job with its pictures. One that was removed elsewhere is gone all the same. */
  async remove(id: string, keepalive = false): Promise<void> {
    const params = { path: { id } }
    try {
      await answered(this.api.DELETE('/v1/images/jobs/{id}', { params, keepalive }))
    } catch (thrown) {
      if (asFailure(thrown).status === 404) return
      this.removed.delete(id)
      await this.refresh(id).catch(() => undefined)
      throw thrown
    }
  }

  private async page(after?: string) {
    const query = { limit: PAGE, ...(after !== undefined && { after }) }
    return answered(this.api.GET('/v1/images/jobs', { params: { query } }))
  }

  /** Puts a job at its place. */
  private take(job: ImageJob): void {
    if (this.removed.has(job.id)) return
    const before = this.shown.get().jobs.find(({ id }) => id === job.id)
    this.change(({ jobs }) => ({ jobs: merged([job], jobs) }))
    if (before) this.onChange(before, job)
    this.follow()
  }

  /** Watches the oldest jobs under way; the others have not begun. */
  private follow(): void {
    if (!this.awake) return
    const wanted = new Set(
      this.underWay()
        .slice(0, STREAMS)
        .map(({ id }) => id),
    )
    for (const [id, control] of this.watches) {
      if (wanted.has(id)) continue
      control.abort()
      this.watches.delete(id)
    }
    for (const id of wanted) if (!this.watches.has(id)) void this.watch(id)
  }

  private underWay(): ImageJob[] {
    return this.shown
      .get()
      .jobs.filter((job) => !isOver(job))
      .toReversed()
  }

  private async watch(id: string): Promise<void> {
    const control = new AbortController()
    this.watches.set(id, control)
    const mine = () => this.watches.get(id) === control
    try {
      await watchJob(this.api, id, {
        signal: control.signal,
        onJob: (job) => this.take(job),
        onEvent: (event) => {
          const job = this.shown.get().jobs.find((one) => one.id === id)
          if (job && mine()) this.take(applied(job, event))
        },
        onLine: (there) => this.line(id, there),
      })
    } catch (thrown) {
      // What the server does not know any more was removed elsewhere.
      if (!isAbort(thrown) && !control.signal.aborted) this.hide(id)
    }
    if (mine()) this.watches.delete(id)
    this.follow()
  }

  /** Asks those that wait for their place in the queue, which no event tells. */
  private async places(): Promise<void> {
    const waiting = this.underWay().filter(({ state }) => state === 'queued')
    for (const { id } of waiting.slice(0, PLACES)) {
      await this.refresh(id).catch((thrown: unknown) => {
        if (asFailure(thrown).status === 404) this.hide(id)
      })
    }
  }

  private line(id: string, there: boolean): void {
    if (this.shown.get().lost.has(id) !== there) return
    this.change(({ lost }) => {
      const next = new Set(lost)
      if (there) next.delete(id)
      else next.add(id)
      return { lost: next }
    })
  }

  private change(change: (shown: Shown) => Partial<Shown>): void {
    this.shown.update((shown) => {
      const next = { ...shown, ...change(shown) }
      return { ...next, jobs: next.jobs.filter(({ id }) => !this.removed.has(id)) }
    })
  }
}

export function refusal(thrown: unknown): Refusal {
  const { message, status, param, code, requestId, retryAfter } = asFailure(thrown)
  return { message, status, param, code, requestId, retryAfter }
}

/** Two lists as one, newest first; of a job that is in both, the first list's is taken. */
function merged(fresh: readonly ImageJob[], known: readonly ImageJob[]): ImageJob[] {
  const ids = new Set(fresh.map(({ id }) => id))
  const all = [...fresh, ...known.filter(({ id }) => !ids.has(id))]
  return all.sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id))
}
