// Jobs that are under way, and those that came to nothing.

import type { ImageJob } from '@/shared/api/types'

import type { Shown } from '../gallery'
import { JobCard } from './JobCard'
import styles from './JobList.module.css'

/** A list of failures is no gallery; older ones are in the API. */
const MOST_PAST = 6

export function JobList({ shown }: { shown: Shown }) {
  const under: ImageJob[] = []
  const past: ImageJob[] = []
  for (const job of shown.jobs) {
    if (job.state === 'queued' || job.state === 'running') under.push(job)
    else if (job.state !== 'succeeded') past.push(job)
  }
  const jobs = [...under, ...past.slice(0, MOST_PAST)]
  if (jobs.length === 0) return null
  return (
    <section aria-label="Under way">
      <ul className={styles['jobs']}>
        {jobs.map((job) => (
          <JobCard key={job.id} job={job} lost={shown.lost.has(job.id)} />
        ))}
      </ul>
    </section>
  )
}
