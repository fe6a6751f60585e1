// Runs a race: one run after the other, in the planned order, measured from this page.

import { asFailure, isAbort } from '@/shared/api/failure'
import type { Metrics } from '@/shared/api/types'
import { frameBatch } from '@/shared/lib/frames'
import { Store } from '@/shared/lib/store'
import type { AnswerOptions, Call, Way } from '@/shared/transport/answer'

import type { Planned, RaceSettings, RaceState, Run } from './model'
import { plan } from './order'

export interface Track {
  ask: (way: Way, call: Call, options: AnswerOptions) => Promise<void>
  /** Opens what a run must not wait for: a WebSocket is opened once and used for long. */
  prepare: () => Promise<void>
  /** Milliseconds on a clock that never goes back. */
  clock: () => number
}

export const INITIAL: RaceState = {
  phase: 'idle',
  settings: {
    prompt: 'Write a short story about a robot who learns to paint.',
    repeats: 5,
    maxTokens: 64,
    warmUp: true,
    seed: 1,
  },
  model: '',
  startedAt: 0,
  planned: [],
  runs: [],
  live: undefined,
  failure: undefined,
}

export class Racing {
  readonly state = new Store<RaceState>(INITIAL)
  private control: AbortController | undefined

  constructor(private readonly track: Track) {}

  configure(settings: Partial<RaceSettings>): void {
    this.change((state) => ({ settings: { ...state.settings, ...settings } }))
  }

  /** Sends a fixed seed with every run, or none. */
  seed(seed: number | undefined): void {
    this.change(({ settings: { prompt, repeats, maxTokens, warmUp } }) => ({
      settings: { prompt, repeats, maxTokens, warmUp, ...(seed !== undefined && { seed }) },
    }))
  }

  stop(): void {
    this.control?.abort()
  }

  /** Resolves when the race has ended, however it did. */
  async start(model: string): Promise<void> {
    const { settings } = this.state.get()
    const planned = plan(settings.repeats, settings.warmUp)
    const control = new AbortController()
    this.control = control
    this.change(() => ({
      phase: 'running',
      model,
      planned,
      startedAt: Date.now(),
      runs: [],
      live: undefined,
      failure: undefined,
    }))
    let way: Way = 'ws'
    try {
      await this.track.prepare()
      for (const next of planned) {
        way = next.way
        const run = await this.run(next, model, control.signal)
        this.change(({ runs }) => ({ runs: [...runs, run], live: undefined }))
      }
      this.change(() => ({ phase: 'done' }))
    } catch (thrown) {
      this.ended(thrown, way)
    }
  }

  private async run(planned: Planned, model: string, signal: AbortSignal): Promise<Run> {
    const { settings, runs } = this.state.get()
    const text: string[] = []
    const shown = frameBatch<string>((pieces) => this.show(pieces.join('')))
    let firstMs: number | undefined
    let end: { finishReason: string; metrics: Metrics | undefined } | undefined
    signal.throwIfAborted()
    this.change(() => ({ live: { ...planned, text: '' } }))

    const started = this.track.clock()
    await this.track.ask(planned.way, callOf(settings, model), {
      signal,
      onEvent: (event) => {
        if (event.type === 'done') end = event
        if (event.type !== 'text') return
        if (firstMs === undefined) {
          firstMs = this.track.clock() - started
          this.first(firstMs)
        }
        text.push(event.text)
        shown.add(event.text)
      },
    })
    const totalMs = this.track.clock() - started

    shown.flush()
    const place = runs.length + 1
    const whole = {
      ...planned,
      place,
      model,
      text: text.join(''),
      firstMs: firstMs ?? totalMs,
      totalMs,
    }
    return { ...whole, ...figures(end?.metrics, totalMs), finishReason: end?.finishReason ?? '' }
  }

  private show(text: string): void {
    this.change(({ live }) => live && { live: { ...live, text: live.text + text } })
  }

  private first(firstMs: number): void {
    this.change(({ live }) => live && { live: { ...live, firstMs } })
  }

  private ended(thrown: unknown, way: Way): void {
    if (isAbort(thrown)) {
      this.change(() => ({ phase: 'stopped', live: undefined }))
      return
    }
    const { message, status, param, code, requestId, retryAfter } = asFailure(thrown)
    const failure = { message, status, param, code, requestId, retryAfter, way }
    this.change(() => ({ phase: 'failed', live: undefined, failure }))
  }

  private change(change: (state: RaceState) => Partial<RaceState> | undefined): void {
    this.state.update((state) => ({ ...state, ...change(state) }))
  }
}

function callOf(settings: RaceSettings, model: string): Call {
  const { prompt, maxTokens, seed } = settings
  return {
    kind: 'chat',
    body: {
      model,
      messages: [{ role: 'user', content: prompt }],
      max_tokens: maxTokens,
      ...(seed !== undefined && { seed }),
    },
  }
}

function figures(metrics: Metrics | undefined, totalMs: number) {
  const tokensOut = metrics?.tokens_out ?? 0
  const firstMs = metrics?.first_chunk_ms
  const tokensPerSecond = metrics?.tokens_per_second
  return {
    tokensPerSecond: tokensOut / (totalMs / 1000),
    tokensIn: metrics?.tokens_in ?? 0,
    tokensCached: metrics?.tokens_cached ?? 0,
    tokensOut,
    server: {
      totalMs: metrics?.total_ms ?? 0,
      ...(firstMs != null && { firstMs }),
      ...(tokensPerSecond != null && { tokensPerSecond }),
    },
  }
}
