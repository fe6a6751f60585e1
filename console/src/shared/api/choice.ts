// Which of the server's models can do what is wanted.

import type { Model } from './types'

/** Models that can write at all; those that can also follow a conversation where `chat` is wanted. */
export function writers(models: readonly Model[], chat: boolean): Model[] {
  return models.filter((model) => model.tasks.includes('chat') && (model.chat || !chat))
}

/** Models that make pictures, or that look at them. */
export function sighted(models: readonly Model[], task: 'image' | 'classify'): Model[] {
  return models.filter((model) => model.tasks.includes(task))
}

/** The model that is asked: the one chosen where it is offered, else the server's default. */
export function pick(offered: readonly Model[], chosen: string | undefined): Model | undefined {
  return (
    offered.find(({ id }) => id === chosen) ?? offered.find((model) => model.default) ?? offered[0]
  )
}
