// A value outside the component tree that components can follow.

import { useSyncExternalStore } from 'react'

export class Store<T> {
  private readonly listeners = new Set<() => void>()

  constructor(private value: T) {}

  readonly get = (): T => this.value

  readonly set = (value: T): void => {
    if (Object.is(value, this.value)) return
    this.value = value
    for (const listener of this.listeners) listener()
  }

  readonly update = (change: (value: T) => T): void => this.set(change(this.value))

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}

/** Follows a part of a store; the component renders when that part changes. */
export function usePart<T, P>(store: Store<T>, part: (value: T) => P): P {
  const get = () => part(store.get())
  return useSyncExternalStore(store.subscribe, get, get)
}
