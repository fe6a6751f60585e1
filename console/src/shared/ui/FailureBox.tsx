// A failure as the server told it, with what can be done about it.

import type { ReactNode } from 'react'

import type { FailureFields } from '@/shared/api/failure'

import { sentence } from '@/shared/lib/format'

import styles from './FailureBox.module.css'
import { Icon } from './icons'

interface Props {
  message: string
  about: FailureFields
  /** It is nothing new: screen readers find it, and are not interrupted. */
  quiet?: boolean
  children?: ReactNode
}

export function FailureBox({ message, about, quiet = false, children }: Props) {
  const facts = [
    about.status && `status ${about.status}`,
    about.param && `field ${about.param}`,
    about.code,
    about.requestId && `request ${about.requestId}`,
  ]
  return (
    <div className={styles['box']} role={quiet ? 'note' : 'alert'}>
      <Icon name="alert" />
      <div className={styles['said']}>
        <p>{sentence(message)}</p>
        {about.retryAfter !== undefined && (
          <p>The server asks to wait {Math.ceil(about.retryAfter)} s before the next try.</p>
        )}
        <p className={styles['facts']}>{facts.filter(Boolean).join(' · ')}</p>
        {children && <div className={styles['actions']}>{children}</div>}
      </div>
    </div>
  )
}
