// What this page asks the server, and what it tells it to do.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { answered } from '@/shared/api/answered'
import type {
  ConfigurationDiff,
  ConfigurationStatus,
  ConfigurationVersion,
} from '@/shared/api/types'
import { api } from '@/shared/transport'

const EVERY_MS = 3000
const STATUS = ['configuration', 'status']
const VERSIONS = ['configuration', 'versions']

/** What serves, again every three seconds; never while the page is hidden. */
export function useStatus() {
  return useQuery<ConfigurationStatus>({
    queryKey: STATUS,
    queryFn: ({ signal }) => answered(api.GET('/v1/config', { signal })),
    refetchInterval: EVERY_MS,
    retry: false,
  })
}

/** The versions, the oldest first. */
export function useVersions() {
  return useQuery<ConfigurationVersion[]>({
    queryKey: VERSIONS,
    queryFn: async ({ signal }) =>
      (await answered(api.GET('/v1/config/versions', { signal }))).versions,
    refetchInterval: EVERY_MS,
    retry: false,
  })
}

/** What differs between two versions. They never change, so once is enough. */
export function useDiff(from: number | undefined, to: number | undefined) {
  return useQuery<ConfigurationDiff>({
    queryKey: ['configuration', 'diff', from, to],
    queryFn: ({ signal }) => {
      const query = { from: from ?? 0, to: to ?? 0 }
      return answered(api.GET('/v1/config/diff', { params: { query }, signal }))
    },
    enabled: from !== undefined && to !== undefined,
    staleTime: Infinity,
    retry: false,
  })
}

/** Has everything read again. What was refused is in the answer. */
export function useReload() {
  return useChange<undefined>(() => answered(api.POST('/v1/config/reload', {})))
}

/** Goes back to a version. */
export function useRollback() {
  return useChange<number>((version) =>
    answered(api.POST('/v1/config/rollback', { body: { version } })),
  )
}

function useChange<T>(change: (asked: T) => Promise<ConfigurationStatus>) {
  const queries = useQueryClient()
  return useMutation<ConfigurationStatus, unknown, T>({
    mutationFn: change,
    onSuccess: async (status) => {
      // A look that began before the change would bring back what was before it.
      await queries.cancelQueries({ queryKey: STATUS })
      queries.setQueryData(STATUS, status)
      return queries.invalidateQueries({ queryKey: VERSIONS })
    },
  })
}
