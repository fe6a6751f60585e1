// The settings that two versions have differently, one below the other: what is gone with a minus, what has
// come with a plus.

import { asFailure } from '@/shared/api/failure'
import type { ConfigurationChange } from '@/shared/api/types'
import { FailureBox } from '@/shared/ui/FailureBox'

import { useDiff } from '../asking'
import { changed } from '../words'
import styles from './Configuration.module.css'

export function Diff({ from, to }: { from: number; to: number }) {
  const diff = useDiff(from, to)
  const failure = diff.error ? asFailure(diff.error) : undefined
  if (failure) return <FailureBox message={failure.message} about={failure} />
  if (!diff.data) return <p className={styles['about']}>Comparing…</p>
  const { changes } = diff.data
  return (
    <div
      className={styles['diff']}
      role="group"
      aria-label={`From version ${from} to version ${to}`}
    >
      <p className={styles['about']} aria-live="polite">
        {changed(changes.length)}
      </p>
      {changes.length > 0 && (
        <dl className={styles['changes']}>
          {changes.map((change) => (
            <Change key={change.path} change={change} />
          ))}
        </dl>
      )}
    </div>
  )
}

function Change({ change: { path, before, after } }: { change: ConfigurationChange }) {
  return (
    <div className={styles['change']}>
      <dt>{path}</dt>
      {before != null && (
        <dd className={styles['gone']}>
          <Sign sign="−" said="Before:" />
          <del>{before}</del>
        </dd>
      )}
      {after != null && (
        <dd className={styles['come']}>
          <Sign sign="+" said="After:" />
          <ins>{after}</ins>
        </dd>
      )}
    </div>
  )
}

function Sign({ sign, said }: { sign: string; said: string }) {
  return (
    <>
      <span className={styles['sign']} aria-hidden="true">
        {sign}
      </span>
      <span className="sr-only">{said} </span>
    </>
  )
}
