// How an answer is going while it is not whole: waiting, reading parts, a connection that broke.

import { plural } from '@/shared/lib/format'
import { ProgressBar } from '@/shared/ui/ProgressBar'

import { isBusy, type Answer } from '../model'
import styles from './Going.module.css'

const LINE: Record<NonNullable<Answer['line']>, string> = {
  lost: 'The connection broke. Going on as soon as it is back…',
  resumed: 'The connection broke and came back; nothing is missing.',
}

export function Going({ answer }: { answer: Answer }) {
  const { state, line, progress, text, finishReason } = answer
  return (
    <>
      {state === 'waiting' && !progress && line !== 'lost' && (
        <p className={styles['waiting']}>
          <span className="sr-only">Waiting for the answer</span>
          <span className={styles['pulse']} aria-hidden="true" />
        </p>
      )}
      {isBusy(answer) && progress && !text && <Parts {...progress} />}
      {line && (
        <p className={styles['line']} role="status" data-line={line}>
          {LINE[line]}
        </p>
      )}
      {state === 'stopped' && <p className={styles['note']}>Stopped.</p>}
      {state === 'done' && finishReason === 'length' && (
        <p className={styles['note']}>The answer ends here because its limit was reached.</p>
      )}
    </>
  )
}

function Parts({ stage, done, total }: NonNullable<Answer['progress']>) {
  const said =
    stage === 'map'
      ? `Read ${done} of ${plural(total, 'part')}`
      : `Joining the parts: ${done} of ${total}`
  return (
    <div className={styles['parts']}>
      <ProgressBar label={said} value={done} of={total} />
      <p>{said}</p>
    </div>
  )
}
