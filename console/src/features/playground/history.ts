// The conversations of this browser: which there are, which is open, and that they are kept.

import { newId } from '@/shared/lib/id'
import { recall, remember } from '@/shared/lib/remembered'
import { Store } from '@/shared/lib/store'

import { busyAnswer, DEFAULTS, type Conversation, type Mode, type Settings } from './model'
import type { Shelf } from './shelf'

/** A line of the list: changes only when what the list shows does. */
export interface Entry {
  id: string
  title: string
  mode: Mode
  busy: boolean
}

interface Shown {
  /** Whether the kept conversations have been read. */
  ready: boolean
  /** Conversations that have turns, the latest first. */
  kept: readonly Conversation[]
  /** The open one; it may have no turns yet, and is then in no list. */
  open: Conversation
}

const OPEN = 'busbar.open'
const SETTINGS = 'busbar.settings'
/** While an answer is written it changes each frame; the database need not. */
const SAVE_MS = 400

export class History {
  readonly shown: Store<Shown>
  readonly entries = new Store<readonly Entry[]>([])
  private shelf: Shelf | undefined
  private readonly unsaved = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly now: () => number = Date.now) {
    this.shown = new Store<Shown>({ ready: false, kept: [], open: this.blank('chat') })
  }

  /** Reads what is kept and opens what was open. */
  async load(shelf: Shelf): Promise<void> {
    const kept = await shelf.all()
    this.shelf = shelf
    kept.sort((a, b) => b.updatedAt - a.updatedAt)
    const last = recall(OPEN)
    const { open } = this.shown.get()
    const shownBefore = kept.find(({ id }) => id === last)
    this.set({ ready: true, kept, open: shownBefore ?? open })
  }

  get(id: string): Conversation | undefined {
    const { kept, open } = this.shown.get()
    return open.id === id ? open : kept.find((conversation) => conversation.id === id)
  }

  open(id: string): void {
    const conversation = this.get(id)
    if (!conversation) return
    this.set({ ...this.shown.get(), open: conversation })
  }

  /** Opens an empty conversation; one that is still empty serves again. */
  start(mode: Mode): void {
    const { open } = this.shown.get()
    const fresh = open.turns.length === 0 ? { ...open, mode } : this.blank(mode)
    this.set({ ...this.shown.get(), open: fresh })
  }

  change(id: string, change: (conversation: Conversation) => Conversation): void {
    const before = this.get(id)
    if (!before) return
    const after = change(before)
    const { open, kept, ready } = this.shown.get()
    this.set({
      ready,
      kept: placed(kept, after),
      open: open.id === id ? after : open,
    })
    if (after.turns.length > 0) this.save(id)
  }

  /** Changes how the open conversation asks; the next one starts with the same. */
  configure(settings: Partial<Settings>): void {
    const { open } = this.shown.get()
    this.change(open.id, (conversation) => ({
      ...conversation,
      settings: { ...conversation.settings, ...settings },
    }))
    remember(SETTINGS, this.shown.get().open.settings)
  }

  rename(id: string, title: string): void {
    const name = title.trim()
    if (name) this.change(id, (conversation) => ({ ...conversation, title: name }))
  }

  /** Removes a conversation and gives it back, for those who want it back. */
  remove(id: string): Conversation | undefined {
    const removed = this.get(id)
    const { ready, kept, open } = this.shown.get()
    this.set({
      ready,
      kept: kept.filter((conversation) => conversation.id !== id),
      open: open.id === id ? this.blank(open.mode) : open,
    })
    this.unsaved.delete(id)
    void this.shelf?.remove(id)
    return removed
  }

  restore(conversation: Conversation): void {
    const { ready, kept, open } = this.shown.get()
    this.set({ ready, kept: placed(kept, conversation), open })
    this.save(conversation.id)
    this.open(conversation.id)
  }

  /** Writes at once what waits to be written. */
  async flush(): Promise<void> {
    const { shelf } = this
    if (!shelf) return
    const conversations = [...this.unsaved].flatMap((id) => this.get(id) ?? [])
    this.unsaved.clear()
    await Promise.all(conversations.map((conversation) => shelf.put(conversation)))
  }

  /** The first change is written at once, since the page may be closed the next moment; those that
   *  follow it closely are written together. */
  private save(id: string): void {
    this.unsaved.add(id)
    if (this.timer === undefined) this.write()
  }

  private write(): void {
    // A full disk must not stop an answer; the conversation stays on the page.
    this.flush().catch(() => undefined)
    this.timer = setTimeout(() => {
      this.timer = undefined
      if (this.unsaved.size > 0) this.write()
    }, SAVE_MS)
  }

  private set(shown: Shown): void {
    const before = this.shown.get()
    this.shown.set(shown)
    // Not before the kept ones are read: until then it is not known what was open.
    if (shown.ready && !(before.ready && before.open.id === shown.open.id)) {
      remember(OPEN, shown.open.id)
    }
    const entries = shown.kept.map(entryOf)
    if (!sameEntries(entries, this.entries.get())) this.entries.set(entries)
  }

  private blank(mode: Mode): Conversation {
    const at = this.now()
    const settings = { ...DEFAULTS, ...(recall(SETTINGS) as Partial<Settings> | undefined) }
    return {
      id: newId(),
      mode,
      title: '',
      createdAt: at,
      updatedAt: at,
      settings,
      turns: [],
    }
  }
}

/** The list with this conversation at its place: the latest first, empty ones not at all. */
function placed(kept: readonly Conversation[], conversation: Conversation): Conversation[] {
  const others = kept.filter(({ id }) => id !== conversation.id)
  if (conversation.turns.length === 0) return others
  const at = others.findIndex(({ updatedAt }) => updatedAt <= conversation.updatedAt)
  return others.toSpliced(at < 0 ? others.length : at, 0, conversation)
}

function entryOf(conversation: Conversation): Entry {
  const { id, title, mode } = conversation
  return { id, title, mode, busy: busyAnswer(conversation) !== undefined }
}

function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index]
      return (
        entry.id === other?.id &&
        entry.title === other.title &&
        entry.mode === other.mode &&
        entry.busy === other.busy
      )
    })
  )
}
