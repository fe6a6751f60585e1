// Whether the server can answer, asked again and again.

import { useQuery } from '@tanstack/react-query'

import { api } from '@/shared/transport'

import { failureOf } from './failure'

export type Readiness =
  | { state: 'ready' }
  /** It answers, but not with text yet: loading, or draining. `why` is the server's word. */
  | { state: 'waiting'; why: string }
  | { state: 'unreachable' }

const SOON_MS = 2000
const LATER_MS = 15_000

async function ask(signal: AbortSignal): Promise<Readiness> {
  try {
    const { response, error } = await api.GET('/readyz', { signal, parseAs: 'text' })
    if (response.ok) return { state: 'ready' }
    return { state: 'waiting', why: failureOf(problem(error), response).message }
  } catch {
    return { state: 'unreachable' }
  }
}

function problem(error: unknown): unknown {
  if (typeof error !== 'string') return error
  try {
    return JSON.parse(error)
  } catch {
    return undefined
  }
}

/** Nothing until the first answer. */
export function useReadiness(): Readiness | undefined {
  const query = useQuery({
    queryKey: ['readiness'],
    queryFn: ({ signal }) => ask(signal),
    refetchInterval: ({ state }) => (state.data?.state === 'ready' ? LATER_MS : SOON_MS),
    refetchOnWindowFocus: true,
  })
  return query.data
}
