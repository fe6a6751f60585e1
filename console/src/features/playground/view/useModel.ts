// The model that is asked: the one chosen while the server offers it, else the first.

import { useModels } from '@/shared/api/models'
import type { Model } from '@/shared/api/types'

export function useModel(chosen: string | undefined): { model: string; models: readonly Model[] } {
  const { data: models = [] } = useModels()
  const known = models.find(({ id }) => id === chosen) ?? models[0]
  return { model: known?.id ?? chosen ?? '', models }
}
