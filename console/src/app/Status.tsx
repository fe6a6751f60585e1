// Whether the server is ready, in a dot and a word.

import { useEffect, useRef } from 'react'

import { useReadiness, type Readiness } from '@/shared/api/readiness'
import { sentence } from '@/shared/lib/format'
import { announce } from '@/shared/ui/announce'

import styles from './Status.module.css'

function words(readiness: Readiness | undefined): string {
  switch (readiness?.state) {
    case undefined:
      return 'Asking the server…'
    case 'ready':
      return 'Ready'
    case 'waiting':
      return sentence(readiness.why)
    case 'unreachable':
      return 'The server cannot be reached'
  }
}

export function Status({ brief = false }: { brief?: boolean }) {
  const readiness = useReadiness()
  const said = words(readiness)
  return (
    <p className={styles['status']} data-state={readiness?.state ?? 'asking'}>
      <span className={styles['dot']} aria-hidden="true" />
      <span className={brief ? 'sr-only' : undefined}>
        <span className="sr-only">Server: </span>
        {said}
      </span>
    </p>
  )
}

/** Says changes aloud, once for the page; the first state is no change. */
export function StatusChanges() {
  const state = useReadiness()
  const said = words(state)
  const last = useRef<string>(undefined)
  useEffect(() => {
    if (state === undefined) return
    if (last.current !== undefined && last.current !== said) announce(`Server: ${said}`)
    last.current = said
  }, [state, said])
  return null
}
