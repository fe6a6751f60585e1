// What an event of a job's stream changes about the job.

import type { ImageJob, ImageJobEvent } from '@/shared/api/types'

export function applied(job: ImageJob, event: ImageJobEvent): ImageJob {
  // The last event has everything.
  if (event.job) return event.job
  switch (event.event) {
    case 'started':
      return {
        ...waiting(job),
        state: 'running',
        attempts: event.attempt ?? job.attempts,
        started_at: job.started_at ?? event.at,
      }
    case 'progress':
      return { ...job, state: 'running', ...(event.progress && { progress: event.progress }) }
    case 'stopping':
      return job.progress ? { ...job, progress: { ...job.progress, stopping: true } } : job
    case 'retrying':
    case 'returned':
      return {
        ...waiting(job),
        state: 'queued',
        faults: [...(job.faults ?? []), ...(event.error ? [event.error] : [])],
      }
    default:
      return job
  }
}

/** Without what only a running or a waiting job has. */
function waiting(job: ImageJob): ImageJob {
  const rest = { ...job }
  delete rest.progress
  delete rest.position
  return rest
}
