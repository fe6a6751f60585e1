// A job on its way: what it makes, how far it is, what it looks like so far. Or why it came to nothing.

import { memo, useId, useState } from 'react'

import { reachable } from '@/shared/api/address'
import type { ImageJob } from '@/shared/api/types'
import { plural } from '@/shared/lib/format'
import { useNow } from '@/shared/lib/useNow'
import { Button } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'
import { ProgressBar } from '@/shared/ui/ProgressBar'

import { again, cancel, remove, takeOver } from '../images'
import { isOver } from '../model'
import { left, standing } from '../words'
import styles from './JobCard.module.css'

interface Props {
  job: ImageJob
  lost: boolean
}

export const JobCard = memo(function JobCard({ job, lost }: Props) {
  const { recipe, state } = job
  const over = isOver(job)
  // What had ended before anyone looked is no news.
  const [known] = useState(over)
  return (
    <li className={styles['card']} data-state={state} aria-busy={state === 'running'}>
      {!over && <Developing job={job} />}
      <div className={styles['said']}>
        <p className={styles['prompt']}>{recipe.prompt}</p>
        {over ? <Ended job={job} known={known} /> : <Going job={job} lost={lost} />}
      </div>
    </li>
  )
})

/** The picture as it comes out of the noise. */
function Developing({ job: { progress } }: { job: ImageJob }) {
  const address = progress?.preview_url
  return (
    <div className={styles['plate']}>
      {address ? (
        <img
          src={reachable(address)}
          alt="A first sight of the picture"
          style={{ filter: `blur(${(6 * (100 - progress.percent)) / 100}px)` }}
        />
      ) : (
        <Noise />
      )}
    </div>
  )
}

/** What every picture begins as. */
function Noise() {
  const id = useId()
  return (
    <svg className={styles['noise']} aria-hidden="true" focusable="false">
      <filter id={id} x="0" y="0" width="100%" height="100%">
        <feTurbulence type="fractalNoise" baseFrequency="0.7" numOctaves="2" />
        <feColorMatrix values="3 -0.6 -0.6 0 -0.4  -0.6 3 -0.6 0 -0.4  -0.6 -0.6 3 0 -0.4  0 0 0 0 1" />
      </filter>
      <rect width="100%" height="100%" filter={`url(#${id})`} />
    </svg>
  )
}

function Going({ job, lost }: Props) {
  const { id, state, progress, recipe, faults = [] } = job
  const last = faults.at(-1)
  const about = [
    recipe.count > 1 && plural(recipe.count, 'picture'),
    job.attempts > 1 && `attempt ${job.attempts}`,
  ].filter(Boolean)
  return (
    <>
      <div className={styles['going']}>
        <p className={styles['standing']}>
          <span>{standing(job)}</span>
          {state === 'running' && progress && progress.of > 0 && <span>{progress.percent} %</span>}
        </p>
        {state === 'running' && (
          <ProgressBar
            label={`Progress of: ${recipe.prompt}`}
            value={progress?.step ?? 0}
            of={progress?.of ?? 0}
          />
        )}
        <p className={styles['facts']}>
          {progress && <Estimate key={progress.step} seconds={progress.eta_seconds} />}
          {about.join(' · ')}
        </p>
        {last && <p className={styles['note']}>An attempt came to nothing: {last.message}.</p>}
        {lost && (
          <p className={styles['note']} role="status">
            The server is out of reach. The job goes on there; this page asks again.
          </p>
        )}
      </div>
      <div className={styles['actions']}>
        <Button
          small
          icon="stop"
          aria-disabled={progress?.stopping}
          aria-label={`Cancel: ${recipe.prompt}`}
          onClick={() => void cancel(id)}
        >
          {progress?.stopping ? 'Stopping…' : 'Cancel'}
        </Button>
      </div>
    </>
  )
}

/** What is left; it runs down until the next step brings a new one. */
function Estimate({ seconds }: { seconds: number | null | undefined }) {
  const [at] = useState(() => Date.now())
  const now = useNow(1000, true)
  const said = left(seconds, at, now)
  return said && <span>{said}</span>
}

function Ended({ job, known }: { job: ImageJob; known: boolean }) {
  const { error, recipe, attempts } = job
  const actions = (
    <>
      <Button small icon="retry" onClick={() => void again(job)}>
        Try again
      </Button>
      <Button small icon="sliders" onClick={() => takeOver(recipe)}>
        Use these settings
      </Button>
      <Button
        small
        look="quiet"
        icon="trash"
        aria-label={`Remove: ${recipe.prompt}`}
        onClick={() => remove(job)}
      >
        Remove
      </Button>
    </>
  )
  if (job.state === 'failed') {
    const tries = attempts > 1 ? ` It was tried ${attempts} times.` : ''
    return (
      <FailureBox
        quiet={known}
        message={`${error?.message ?? 'It could not be made'}.${tries}`}
        about={{ code: error?.code ?? undefined }}
      >
        {actions}
      </FailureBox>
    )
  }
  return (
    <>
      <p className={styles['standing']}>{standing(job)}</p>
      <div className={styles['actions']}>{actions}</div>
    </>
  )
}
