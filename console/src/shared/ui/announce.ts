// What screen readers are told when something happens that they cannot see.

import { Store } from '@/shared/lib/store'

export const announcement = new Store('')

export function announce(text: string): void {
  // The same text twice is no change, and would not be said again.
  announcement.update((last) => (last === text ? `${text}\u00A0` : text))
}
