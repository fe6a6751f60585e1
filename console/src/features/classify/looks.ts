// The pictures that were looked at on this page: asked a few at a time, each for itself, so that one
// that cannot be read spoils no other.

import { asFailure, isAbort } from '@/shared/api/failure'
import { newId } from '@/shared/lib/id'
import { Store } from '@/shared/lib/store'

import type { Look, Source } from './model'
import type { Ask } from './predict'

const AT_ONCE = 2

/** Addresses that open files of this page, for as long as they are needed. */
export interface Previews {
  open: (file: File) => string
  close: (address: string) => void
}

export class Looks {
  readonly all = new Store<readonly Look[]>([])
  private readonly running = new Map<string, AbortController>()
  private model: string | undefined

  constructor(
    private readonly ask: Ask,
    private readonly previews: Previews,
    /** Told when nothing is left to do, with what came of it since it was told last. */
    private readonly onRest: (ended: readonly Look[]) => void = () => undefined,
  ) {}

  private ended: string[] = []

  /** New pictures come first. */
  add(sources: readonly Source[]): void {
    const looks = sources.map((source) => this.lookOf(source))
    this.all.update((all) => [...looks, ...all])
    this.next()
  }

  /** Another model looks at everything again. */
  use(model: string | undefined): void {
    if (model === this.model) return
    const first = this.model === undefined
    this.model = model
    // Until the server said what it has, nothing was asked of any particular one.
    if (!first) this.again()
  }

  /** Looks again at one, or at all. */
  again(id?: string): void {
    for (const look of this.all.get()) {
      if (id !== undefined && look.id !== id) continue
      this.running.get(look.id)?.abort()
      this.running.delete(look.id)
      this.change(look.id, (before) => {
        const fresh: Look = { ...before, state: 'waiting' }
        delete fresh.answer
        delete fresh.failure
        return fresh
      })
    }
    this.next()
  }

  remove(id: string): void {
    const look = this.all.get().find((one) => one.id === id)
    this.running.get(id)?.abort()
    this.running.delete(id)
    if (look?.preview) this.previews.close(look.preview)
    this.all.update((all) => all.filter((one) => one.id !== id))
    this.next()
  }

  clear(): void {
    for (const { id } of this.all.get()) this.remove(id)
  }

  private next(): void {
    const waiting = this.all.get().filter(({ state }) => state === 'waiting')
    for (const look of waiting.slice(0, AT_ONCE - this.running.size)) void this.look(look)
    if (waiting.length > 0 || this.running.size > 0 || this.ended.length === 0) return
    const ended = this.all.get().filter(({ id }) => this.ended.includes(id))
    this.ended = []
    this.onRest(ended)
  }

  private async look({ id, source }: Look): Promise<void> {
    const control = new AbortController()
    this.running.set(id, control)
    this.change(id, (look) => ({ ...look, state: 'looking' }))
    try {
      const answer = await this.ask(source, this.model, control.signal)
      this.end(id, control, (look) => ({ ...look, state: 'done', answer }))
    } catch (thrown) {
      if (isAbort(thrown)) return
      const { message, status, param, code, requestId, retryAfter } = asFailure(thrown)
      const failure = { message, status, param, code, requestId, retryAfter }
      this.end(id, control, (look) => ({ ...look, state: 'failed', failure }))
    }
  }

  private end(id: string, control: AbortController, change: (look: Look) => Look): void {
    // It was asked again, or taken away, meanwhile.
    if (this.running.get(id) !== control) return
    this.running.delete(id)
    this.ended.push(id)
    this.change(id, change)
    this.next()
  }

  private lookOf(source: Source): Look {
    const look = { id: newId(), source, state: 'waiting' } as const
    if ('address' in source) return { ...look, name: nameIn(source.address) }
    return { ...look, name: source.file.name, preview: this.previews.open(source.file) }
  }

  private change(id: string, change: (look: Look) => Look): void {
    this.all.update((all) => all.map((look) => (look.id === id ? change(look) : look)))
  }
}

/** What people call what lies at an address: its last part, and whose it is. */
function nameIn(address: string): string {
  const { hostname, pathname } = new URL(address)
  const last = pathname.split('/').findLast(Boolean)
  return last ? `${last} · ${hostname}` : hostname
}
