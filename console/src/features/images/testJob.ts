// Jobs for tests.

import type { ImageJob, ImageJobProgress } from '@/shared/api/types'

export function testJob(given: Partial<ImageJob> = {}): ImageJob {
  return {
    id: 'job-1',
    object: 'image.job',
    state: 'queued',
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-01-02T00:00:00.000Z',
    attempts: 0,
    recipe: { model: 'm', prompt: 'a red apple', count: 1, format: 'png' },
    pictures: [],
    ...given,
  }
}

export function testProgress(
  step: number,
  of: number,
  given: Partial<ImageJobProgress> = {},
): ImageJobProgress {
  return { step, of, percent: Math.floor((step / of) * 100), stopping: false, ...given }
}
