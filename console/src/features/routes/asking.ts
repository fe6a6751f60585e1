// What this page asks the server.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { answered } from '@/shared/api/answered'
import { asFailure } from '@/shared/api/failure'
import type { ExplainBody, Explanation, Registry, Route } from '@/shared/api/types'
import { api } from '@/shared/transport'

const EVERY_MS = 2000

/** All routes, again every two seconds; never while the page is hidden. */
export function useRoutes() {
  return useQuery<Route[]>({
    queryKey: ['routes'],
    queryFn: async ({ signal }) => (await answered(api.GET('/v1/routes', { signal }))).routes,
    refetchInterval: EVERY_MS,
    retry: false,
  })
}

const REGISTRY = ['registry']

/** Which models are at which stage; `null` where this server keeps no registry. */
export function useRegistry() {
  return useQuery<Registry | null>({
    queryKey: REGISTRY,
    queryFn: async ({ signal }) => {
      try {
        return await answered(api.GET('/v1/registry', { signal }))
      } catch (thrown) {
        if (asFailure(thrown).code === 'registry_disabled') return null
        throw thrown
      }
    },
    refetchInterval: EVERY_MS,
    retry: false,
  })
}

export type StageChange = { to: 'candidate' | 'promote' | 'rollback'; model: string }

/** Moves a model from one stage to another. */
export function useStageChange() {
  const queries = useQueryClient()
  return useMutation<Registry, unknown, StageChange>({
    mutationFn: ({ to, model }) => {
      const body = { model }
      switch (to) {
        case 'candidate':
          return answered(api.POST('/v1/registry/candidate', { body }))
        case 'promote':
          return answered(api.POST('/v1/registry/promote', { body }))
        case 'rollback':
          return answered(api.POST('/v1/registry/rollback', { body }))
      }
    },
    onSuccess: async (registry) => {
      // A look that began before the change would bring back what was before it.
      await queries.cancelQueries({ queryKey: REGISTRY })
      queries.setQueryData(REGISTRY, registry)
    },
  })
}

/** Where a request would go. No model is called. */
export function useExplain() {
  return useMutation<Explanation, unknown, ExplainBody>({
    mutationFn: (body) => answered(api.POST('/v1/routes/explain', { body })),
  })
}
