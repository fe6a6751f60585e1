// Short notices at the page's edge, each with at most one action.

import { Store } from '@/shared/lib/store'

export interface Notice {
  id: number
  text: string
  action?: { label: string; run: () => void }
}

const SHOWN_MS = 8000

export const notices = new Store<readonly Notice[]>([])

let next = 0

export function notify(text: string, action?: Notice['action']): void {
  next += 1
  const id = next
  notices.update((shown) => [...shown.slice(-2), { id, text, ...(action && { action }) }])
  setTimeout(() => dismiss(id), SHOWN_MS)
}

export function dismiss(id: number): void {
  notices.update((shown) => shown.filter((notice) => notice.id !== id))
}
