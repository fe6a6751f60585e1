// Which page is shown: the part of the address after `#`, so that every server can serve it.

import { useSyncExternalStore } from 'react'

function path(): string {
  return location.hash.replace(/^#\/?/, '').split('?')[0] ?? ''
}

export function usePath(): string {
  return useSyncExternalStore((changed) => {
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, path)
}
