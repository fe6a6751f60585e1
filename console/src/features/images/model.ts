// What is asked for: the prompt and its settings. Settings left out are the model's own.

import type { FailureFields } from '@/shared/api/failure'
import type { ImageFormat, ImageJob, ImageJobPicture, ImageJobRecipe } from '@/shared/api/types'

export interface Settings {
  prompt: string
  negative: string
  model?: string
  width?: number
  height?: number
  steps?: number
  guidance?: number
  scheduler?: string
  /** Absent: another one each time. */
  seed?: number
  count: number
  format: ImageFormat
  /** How much of a picture to start from is made anew. */
  strength: number
}

export const DEFAULTS: Settings = {
  prompt: '',
  negative: '',
  count: 1,
  format: 'png',
  strength: 0.8,
}

/** Settings that may be left out. */
export type Optional = 'model' | 'width' | 'height' | 'steps' | 'guidance' | 'scheduler' | 'seed'

export const SCHEDULERS = [
  { value: '', label: 'The model’s own' },
  { value: 'ddim', label: 'DDIM' },
  { value: 'pndm', label: 'PNDM' },
  { value: 'euler', label: 'Euler' },
  { value: 'euler_a', label: 'Euler ancestral' },
  { value: 'dpmpp_2m', label: 'DPM++ 2M' },
  { value: 'dpmpp_2m_karras', label: 'DPM++ 2M Karras' },
  { value: 'unipc', label: 'UniPC' },
] as const

export const MOST_PICTURES = 16

/** A picture to start from. */
export interface Start {
  file: Blob
  name: string
  preview: string
}

export type Refusal = FailureFields & { message: string }

const OVER: readonly ImageJob['state'][] = ['succeeded', 'failed', 'cancelled', 'expired']

export function isOver({ state }: ImageJob): boolean {
  return OVER.includes(state)
}

/** A picture of the gallery, with the job that made it. */
export interface Made {
  /** The job's id and the picture's place in it. */
  id: string
  job: ImageJob
  picture: ImageJobPicture
  recipe: ImageJobRecipe
}

/** Every picture of these jobs, in their order. */
export function madeBy(jobs: readonly ImageJob[]): Made[] {
  return jobs.flatMap((job) =>
    (job.pictures ?? []).map((picture, index) => ({
      id: `${job.id}:${index}`,
      job,
      picture,
      recipe: picture.recipe ?? job.recipe,
    })),
  )
}
