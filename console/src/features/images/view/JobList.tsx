// Jobs that are under way, and those that came to nothing.

import type { ImageJob } from '@/shared/api/types'

import type { Shown } from '../gallery'
import { JobCard } from './JobCard'
import styles from './JobList.module.css'

/** A list of failures is no gallery; older ones are in the API. */
const MOST_PAST = 6

export function JobList({ shown }: { shown: Shown }) {
  const of = (...states: ImageJob['state'][]) =>
    shown.jobs.filter(({ state }) => states.includes(state))
  const past = of('failed', 'cancelled', 'expired').slice(0, MOST_PAST)
  // In the order in which they come out: what runs, then the queue from its head.
  const jobs = [...of('running').toReversed(), ...of('queued').toReversed(), ...past]
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
