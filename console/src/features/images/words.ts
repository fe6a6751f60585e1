// How a job stands, in words.

import type { ImageJob } from '@/shared/api/types'
import { roughly } from '@/shared/lib/format'

/** Where it is: `Step 7 of 20`, `Waiting, third in line`. */
export function standing(job: ImageJob): string {
  const { state, position, progress } = job
  switch (state) {
    case 'queued':
      if (position == null) return 'Waiting its turn'
      return position <= 1 ? 'Waiting: next in line' : `Waiting: number ${position} in line`
    case 'running':
      if (progress?.stopping) return 'Stopping before the next step'
      if (!progress || progress.of === 0) return 'Warming up'
      if (progress.step >= progress.of) return 'Finishing the picture'
      return `Step ${progress.step} of ${progress.of}`
    case 'cancelled':
      return 'Stopped'
    case 'expired':
      return 'Its time was over before it was made'
    case 'failed':
      return 'Not made'
    case 'succeeded':
      return 'Done'
  }
}

/** What is left of an estimate that was given at `at`, in words; nothing where there is none. */
export function left(eta: number | null | undefined, at: number, now: number): string | undefined {
  if (eta == null) return undefined
  return `about ${roughly(Math.max(0, eta - (now - at) / 1000))} left`
}

/** What screen readers are told on the way: each quarter once, so that steps do not chatter. */
export function milestone(before: ImageJob | undefined, job: ImageJob): string | undefined {
  if (job.state !== 'running' || !job.progress) return undefined
  const quarter = (percent: number) => Math.floor(percent / 25)
  const now = quarter(job.progress.percent)
  if (now === 0 || now === 4 || now === quarter(before?.progress?.percent ?? 0)) return undefined
  const rest = job.progress.eta_seconds
  return `${now * 25} %${rest == null ? '' : `, about ${roughly(rest)} left`}.`
}
