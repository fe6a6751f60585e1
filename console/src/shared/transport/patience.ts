// How long to wait between attempts to restore a connection.

import { aborted } from '@/shared/api/failure'

const WAITS = [150, 300, 600, 1200, 2500]

/** Milliseconds before attempt number `attempt`, counted from 0. */
export function waitBefore(attempt: number): number {
  return WAITS[Math.min(attempt, WAITS.length - 1)] ?? 0
}

/** Resolves after `ms`; rejects at once when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(aborted())
      return
    }
    const stop = () => {
      clearTimeout(timer)
      reject(aborted())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
