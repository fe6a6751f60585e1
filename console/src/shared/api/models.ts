// The models that the server offers.

import { useQuery } from '@tanstack/react-query'

import { api } from '@/shared/transport'

import { asFailure, failureOf } from './failure'
import type { Model } from './types'

async function fetchModels(signal: AbortSignal): Promise<Model[]> {
  const { data, error, response } = await api
    .GET('/v1/models', { signal })
    .catch((thrown: unknown) => {
      throw asFailure(thrown)
    })
  if (!data) throw failureOf(error, response)
  return data.data
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
