// Which models are at which stage, and what may be done with each, in words.

import type { Registry, RegistryEntry } from '@/shared/api/types'

import type { StageChange } from './asking'

export interface Stage {
  name: 'candidate' | 'production' | 'previous'
  title: string
  /** What it means to be there. */
  about: string
  /** What is there, if anything. */
  model: RegistryEntry | undefined
  /** What stands there while nothing is. */
  none: string
}

/** The three stages, in the order in which a model goes through them. */
export function stagesOf({ aliases, models }: Registry): Stage[] {
  const first = models[0]
  return [
    {
      name: 'candidate',
      title: 'Candidate',
      about: 'To be tried under this name before it is promoted.',
      model: aliases.candidate ?? undefined,
      none: 'None. Choose one of the models below.',
    },
    {
      name: 'production',
      title: 'Production',
      about: 'Answers whoever names no model.',
      model: aliases.production ?? undefined,
      none: first ? `None was promoted: ${first.model} answers, the first there is.` : 'None.',
    },
    {
      name: 'previous',
      title: 'Previous',
      about: 'Was in production before; a rollback puts it back.',
      model: aliases.previous ?? undefined,
      none: 'None.',
    },
  ]
}

/** A model with its version: a hash, of which the beginning will do. */
export function versioned({ version }: { version?: string | null }): string | undefined {
  return version == null ? undefined : version.replace(/^sha256:/, '').slice(0, 12)
}

/** The models that may be the next candidate: those at no stage where it would change nothing. */
export function others({ models, aliases }: Registry) {
  return models.filter(
    ({ model }) => model !== aliases.candidate?.model && model !== aliases.production?.model,
  )
}

export interface Question {
  change: StageChange
  title: string
  action: string
  text: string
}

const KEEPS = 'Requests under way keep the model that they have.'

/** What is asked before the candidate goes into production. */
export function promotion({ aliases }: Registry): Question | undefined {
  const { candidate, production } = aliases
  if (!candidate) return undefined
  const now = production ? `${production.model} goes to “previous”. ` : ''
  return {
    change: { to: 'promote', model: candidate.model },
    title: `Promote ${candidate.model}?`,
    action: 'Promote',
    text: `It answers whoever names no model, from the next request on. ${now}${KEEPS}`,
  }
}

/** What is asked before the previous model goes back into production. */
export function rollback({ aliases }: Registry): Question | undefined {
  const { production, previous } = aliases
  if (!production || !previous) return undefined
  return {
    // The one to be taken out is named, so that two who ask at once do it once.
    change: { to: 'rollback', model: production.model },
    title: `Roll back to ${previous.model}?`,
    action: 'Roll back',
    text: `${previous.model} answers again whoever names no model, and ${production.model} becomes the candidate. ${KEEPS}`,
  }
}

/** What was done, for those who cannot see it. */
export function done(change: StageChange, { aliases }: Registry): string {
  if (change.to === 'candidate') return `${change.model} is the candidate.`
  return `${aliases.production?.model ?? 'No model'} is in production.`
}
