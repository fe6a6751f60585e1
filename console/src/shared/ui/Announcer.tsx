// The page's one polite live region.

import { useStore } from '@/shared/lib/store'

import { announcement } from './announce'

export function Announcer() {
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {useStore(announcement)}
    </div>
  )
}
