// Asks before something is done that others notice.

import type { ReactNode } from 'react'

import type { Failure } from '@/shared/api/failure'

import { Button } from './Button'
import styles from './Confirm.module.css'
import { Dialog } from './Dialog'
import { FailureBox } from './FailureBox'

interface Props {
  title: string
  /** What the button says that does it. */
  action: string
  open: boolean
  /** It is being done. */
  busy: boolean
  /** Why it could not be done. */
  failure?: Failure | undefined
  onDo: () => void
  onClose: () => void
  children: ReactNode
}

export function Confirm(props: Props) {
  const { title, action, open, busy, failure, onDo, onClose, children } = props
  return (
    <Dialog title={title} place="middle" open={open} onClose={onClose}>
      <div className={styles['body']}>
        {children}
        {failure && <FailureBox message={failure.message} about={failure} />}
        <div className={styles['actions']}>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" disabled={busy} onClick={onDo}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
