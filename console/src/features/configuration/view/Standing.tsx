// What serves at this moment, what was refused, and what waits for a restart.

import { useId } from 'react'

import type { ConfigurationStatus, ConfigurationVersion } from '@/shared/api/types'
import { Icon } from '@/shared/ui/icons'

import { serving } from '../words'
import styles from './Configuration.module.css'
import { When } from './When'

interface Props {
  status: ConfigurationStatus
  versions: readonly ConfigurationVersion[]
}

export function Standing({ status, versions }: Props) {
  const id = useId()
  const { source, chosen, refused, waiting_for_restart: waiting } = status
  const served = versions.find(({ version }) => version === status.version)
  return (
    <section className={styles['part']} aria-labelledby={id}>
      <div className={styles['standing']}>
        <span className={styles['light']} data-bad={refused != null} aria-hidden="true" />
        <div className={styles['stands']}>
          <h2 id={id}>{serving(status)}</h2>
          <p className={styles['about']}>
            {served && (
              <>
                Offered <When at={served.at} />
                {' · '}
              </>
            )}
            {source ?? 'No file: the defaults'}
          </p>
        </div>
      </div>
      {chosen && (
        <p className={styles['note']}>
          <Icon name="back" size={16} />
          Somebody went back to it. It serves until the source says something new; neither a reload
          nor a restart undoes it.
        </p>
      )}
      {refused != null && (
        <div className={styles['refusal']} role="note">
          <p>
            <Icon name="alert" size={16} />
            <strong>
              What the source says now{refused.version != null && `, version ${refused.version},`}{' '}
              was refused:
            </strong>
          </p>
          <Reasons reasons={refused.reasons} />
        </div>
      )}
      {waiting.length > 0 && (
        <div className={styles['waiting']} role="note">
          <p>
            <Icon name="clock" size={16} />
            <strong>These hold only after a restart:</strong>
          </p>
          <Reasons reasons={waiting} />
        </div>
      )}
    </section>
  )
}

export function Reasons({ reasons }: { reasons: readonly string[] }) {
  return (
    <ul className={styles['reasons']}>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  )
}
