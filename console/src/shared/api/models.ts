// The models that the server offers.

import { useQuery } from '@tanstack/react-query'

import { api } from '@/shared/transport'

import { answered } from './answered'
import type { Model } from './types'

async function fetchModels(signal: AbortSignal): Promise<Model[]> {
  const { data } = await answered(api.GET('/v1/models', { signal }))
  return data
}

export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => fetchModels(signal),
    staleTime: 60_000,
    // A server that is still starting has models a moment later.
    retry: 5,
  })
}
