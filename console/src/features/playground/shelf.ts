// Where conversations are kept: in the browser's database, or in memory where that is refused.

import type { Conversation } from './model'

export interface Shelf {
  all: () => Promise<Conversation[]>
  put: (conversation: Conversation) => Promise<void>
  remove: (id: string) => Promise<void>
}

export function memoryShelf(): Shelf {
  const kept = new Map<string, Conversation>()
  return {
    all: () => Promise.resolve([...kept.values()]),
    put: (conversation) => {
      kept.set(conversation.id, conversation)
      return Promise.resolve()
    },
    remove: (id) => {
      kept.delete(id)
      return Promise.resolve()
    },
  }
}

const DATABASE = 'busbar'
const TABLE = 'conversations'

export async function databaseShelf(factory: IDBFactory): Promise<Shelf> {
  const opening = factory.open(DATABASE, 1)
  opening.onupgradeneeded = () => void opening.result.createObjectStore(TABLE, { keyPath: 'id' })
  const database = await result(opening)

  /** Commits by itself and not when the result has been heard: a page that is being closed hears
   *  nothing any more, and what it wrote last would be lost. */
  const write = async (change: (table: IDBObjectStore) => IDBRequest): Promise<void> => {
    const transaction = database.transaction(TABLE, 'readwrite')
    const changed = result(change(transaction.objectStore(TABLE)))
    transaction.commit()
    await changed
  }

  return {
    all: () => {
      const table = database.transaction(TABLE, 'readonly').objectStore(TABLE)
      return result(table.getAll() as IDBRequest<Conversation[]>)
    },
    put: (conversation) => write((table) => table.put(conversation)),
    remove: (id) => write((table) => table.delete(id)),
  }
}

/** The browser's shelf; private windows and full disks get one that ends with the page. */
export async function openShelf(): Promise<Shelf> {
  try {
    return await databaseShelf(indexedDB)
  } catch {
    return memoryShelf()
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The browser’s database failed.'))
  })
}
