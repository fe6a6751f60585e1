// What this page asks the server.

import { useMutation, useQuery } from '@tanstack/react-query'

import { answered } from '@/shared/api/answered'
import type { ExplainBody, Explanation, Route } from '@/shared/api/types'
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

/** Where a request would go. No model is called. */
export function useExplain() {
  return useMutation<Explanation, unknown, ExplainBody>({
    mutationFn: (body) => answered(api.POST('/v1/routes/explain', { body })),
  })
}
