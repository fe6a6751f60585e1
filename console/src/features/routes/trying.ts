// Sends one real request to a route, and keeps what came of it.

import { asFailure, isAbort, type Failure } from '@/shared/api/failure'
import type { Metrics } from '@/shared/api/types'
import { excerpt } from '@/shared/lib/format'
import { frameBatch } from '@/shared/lib/frames'
import { Store } from '@/shared/lib/store'
import type { AnswerEvent, AnswerOptions, Call, Way } from '@/shared/transport/answer'

/** It is a try: enough to see who answers. */
const MAX_TOKENS = 120
/** For how long the server keeps the answer when the connection breaks. */
const RESUME_SECONDS = 30
/** How much of the answer a screen reader is told by itself. */
const SAID = 300

export interface Trial {
  phase: 'idle' | 'waiting' | 'writing' | 'done' | 'stopped' | 'failed'
  route: string
  text: string
  /** What happened on the way, in words. */
  notes: readonly string[]
  metrics?: Metrics
  failure?: Failure
}

interface Outside {
  ask: (way: Way, call: Call, options: AnswerOptions) => Promise<void>
  announce: (text: string) => void
}

const IDLE: Trial = { phase: 'idle', route: '', text: '', notes: [] }

export class Trying {
  readonly state = new Store<Trial>(IDLE)
  private control: AbortController | undefined

  constructor(private readonly outside: Outside) {}

  isBusy(): boolean {
    const { phase } = this.state.get()
    return phase === 'waiting' || phase === 'writing'
  }

  stop(): void {
    this.control?.abort()
  }

  /** Forgets what there was; what is under way is stopped. */
  clear(): void {
    this.stop()
    this.control = undefined
    this.state.set(IDLE)
  }

  /** Resolves when the answer has ended, however it did. */
  async start(route: string, prompt: string): Promise<void> {
    this.clear()
    const control = new AbortController()
    this.control = control
    this.state.set({ ...IDLE, phase: 'waiting', route })
    this.outside.announce(`Asking ${route}.`)
    // An answer that was cleared away may still have something to say.
    const change = (edit: (trial: Trial) => Trial) => {
      if (this.control === control) this.state.update(edit)
    }
    const text = frameBatch<string>((pieces) => {
      change((trial) => ({ ...trial, phase: 'writing', text: trial.text + pieces.join('') }))
    })
    const onEvent = (event: AnswerEvent) => {
      if (event.type === 'text') {
        text.add(event.text)
        return
      }
      text.flush()
      const note = noteOf(event)
      if (note) this.outside.announce(note)
      change((trial) => after(trial, event, note))
    }
    try {
      const options = { signal: control.signal, onEvent, resumeSeconds: RESUME_SECONDS }
      await this.outside.ask('sse', callFor(route, prompt), options)
    } catch (thrown) {
      text.flush()
      change((trial) => ended(trial, thrown))
    }
    if (this.control === control) this.tell(this.state.get())
  }

  private tell({ phase, text, metrics }: Trial): void {
    if (phase === 'stopped') this.outside.announce('Stopped.')
    // A failure is an alert by itself.
    if (phase !== 'done') return
    const who = metrics?.route?.target ?? 'The route'
    this.outside.announce(`${who} answered: ${excerpt(text, SAID)}`)
  }
}

function callFor(model: string, prompt: string): Call {
  const messages = [{ role: 'user' as const, content: prompt }]
  return { kind: 'chat', body: { model, messages, max_tokens: MAX_TOKENS } }
}

function noteOf(event: AnswerEvent): string | undefined {
  switch (event.type) {
    case 'handed-over':
      return `${event.from} was lost in the middle of its answer; ${event.to} goes on with it.`
    case 'lost':
      return 'The connection broke; it is being restored.'
    case 'resumed':
      return 'The connection is back; the answer goes on.'
    default:
      return undefined
  }
}

function after(trial: Trial, event: AnswerEvent, note: string | undefined): Trial {
  const noted = note ? { ...trial, notes: [...trial.notes, note] } : trial
  if (event.type !== 'done') return noted
  const phase = event.finishReason === 'cancelled' ? 'stopped' : 'done'
  return { ...noted, phase, ...(event.metrics && { metrics: event.metrics }) }
}

function ended(trial: Trial, thrown: unknown): Trial {
  if (isAbort(thrown)) return { ...trial, phase: 'stopped' }
  return { ...trial, phase: 'failed', failure: asFailure(thrown) }
}
