// What is on pictures: what was looked at, and what of the answer is shown.

import type { FailureFields } from '@/shared/api/failure'
import type { PredictLabel } from '@/shared/api/types'

/** A picture's file, or its address, which the server fetches. */
export type Source = { file: File } | { address: string }

export interface Answer {
  model: string
  version?: string
  /** The likeliest first. */
  labels: readonly PredictLabel[]
  /** The model's own work, and from asking to the end, milliseconds. */
  inferenceMs: number
  totalMs: number
}

export interface Look {
  id: string
  name: string
  source: Source
  /** What this page can show of it; an address of elsewhere it must not. */
  preview?: string
  state: 'waiting' | 'looking' | 'done' | 'failed'
  answer?: Answer
  failure?: FailureFields & { message: string }
}

export interface Settings {
  /** Absent: the server's own choice. */
  model?: string
  topK: number
  /** Labels with a lower score are not shown. */
  threshold: number
}

export const DEFAULTS: Settings = { topK: 5, threshold: 0.01 }

/** The server is asked for as many, so that moving a slider asks it nothing. */
export const MOST_LABELS = 20

/** What is shown of an answer. */
export function shown(labels: readonly PredictLabel[], settings: Settings): PredictLabel[] {
  return labels.filter(({ score }) => score >= settings.threshold).slice(0, settings.topK)
}

/** How sure the model is, in words. */
export function verdict(labels: readonly PredictLabel[]): string {
  const [first] = labels
  if (!first) return 'Nothing that it knows'
  const { label, score } = first
  if (score >= 0.8) return label
  if (score >= 0.4) return `Probably: ${label}`
  if (score >= 0.15) return `Perhaps: ${label}`
  return `No idea. If it must guess: ${label}`
}
