// The model that is asked, among those that can do what the mode wants.

import { pick, writers } from '@/shared/api/choice'
import { useModels } from '@/shared/api/models'
import type { Model } from '@/shared/api/types'

import type { Conversation } from '../model'

interface Choice {
  /** Empty until the server has said what it offers. */
  model: string
  offered: readonly Model[]
}

export function useModel({ mode, settings }: Conversation): Choice {
  const { data = [] } = useModels()
  const offered = writers(data, mode !== 'generate')
  return { model: pick(offered, settings.model)?.id ?? '', offered }
}
