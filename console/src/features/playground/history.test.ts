// The same cases against both shelves.

import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test } from 'vitest'

import { History } from './history'
import type { Conversation } from './model'
import { databaseShelf, memoryShelf, type Shelf } from './shelf'

const SHELVES: Record<string, () => Promise<Shelf>> = {
  'the browser’s database': () => databaseShelf(new IDBFactory()),
  memory: () => Promise.resolve(memoryShelf()),
}

const storage = new Map<string, string>()

beforeEach(() => {
  storage.clear()
  globalThis.localStorage = {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
  } as Storage
})

let clock = 0

async function history(shelf: Shelf): Promise<History> {
  const loaded = new History(() => (clock += 1))
  await loaded.load(shelf)
  return loaded
}

function ask(history: History, text: string): string {
  const { id } = history.shown.get().open
  history.change(id, (conversation) => ({
    ...conversation,
    title: conversation.title || text,
    updatedAt: (clock += 1),
    turns: [...conversation.turns, { id: text, role: 'user', text }],
  }))
  return id
}

function titles(history: History): string[] {
  return history.entries.get().map(({ title }) => title)
}

describe.each(Object.entries(SHELVES))('on %s', (_, open) => {
  test('conversations are there after a reload, the latest first, the same one open', async () => {
    const shelf = await open()
    const first = await history(shelf)
    const one = ask(first, 'one')
    first.start('chat')
    ask(first, 'two')
    first.open(one)
    await first.flush()

    const again = await history(shelf)
    expect(titles(again)).toEqual(['two', 'one'])
    expect(again.shown.get().open).toMatchObject({ id: one, turns: [{ text: 'one' }] })
  })

  test('a new turn brings a conversation to the top', async () => {
    const shelf = await open()
    const kept = await history(shelf)
    const one = ask(kept, 'one')
    kept.start('chat')
    ask(kept, 'two')
    kept.open(one)
    ask(kept, 'three')
    expect(titles(kept)).toEqual(['one', 'two'])
  })

  test('what was removed is gone after a reload, and what was restored is not', async () => {
    const shelf = await open()
    const kept = await history(shelf)
    const one = ask(kept, 'one')
    kept.start('chat')
    const two = ask(kept, 'two')
    await kept.flush()
    kept.remove(one)
    kept.restore(kept.remove(two) as Conversation)
    await kept.flush()
    expect(titles(await history(shelf))).toEqual(['two'])
  })

  test('a name that was given stays; an empty one is none', async () => {
    const shelf = await open()
    const kept = await history(shelf)
    const id = ask(kept, 'one')
    kept.rename(id, '  Copper ')
    kept.rename(id, '   ')
    await kept.flush()
    expect(titles(await history(shelf))).toEqual(['Copper'])
  })
})

test('the first conversation of all is open after a reload', async () => {
  const shelf = memoryShelf()
  const first = await history(shelf)
  const id = ask(first, 'one')
  await first.flush()
  expect((await history(shelf)).shown.get().open.id).toBe(id)
})

test('a conversation without turns is in no list and is used again', async () => {
  const kept = await history(memoryShelf())
  const { id } = kept.shown.get().open
  kept.start('summary')
  expect(kept.shown.get().open).toMatchObject({ id, mode: 'summary' })
  expect(titles(kept)).toEqual([])
})

test('a new conversation asks as the last one did', async () => {
  const kept = await history(memoryShelf())
  kept.configure({ way: 'ws', sampling: { seed: 7 } })
  ask(kept, 'one')
  kept.start('chat')
  expect(kept.shown.get().open.settings).toMatchObject({ way: 'ws', sampling: { seed: 7 } })
})

test('the list does not change while an answer grows', async () => {
  const kept = await history(memoryShelf())
  const id = ask(kept, 'one')
  const before = kept.entries.get()
  kept.change(id, (conversation) => ({ ...conversation, turns: [...conversation.turns] }))
  expect(kept.entries.get()).toBe(before)
})
