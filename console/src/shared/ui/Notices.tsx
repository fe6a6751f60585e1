// Shows the notices.

import { useStore } from '@/shared/lib/store'

import { Button, IconButton } from './Button'
import { dismiss, notices } from './notices'
import styles from './Notices.module.css'

export function Notices() {
  return (
    <div className={styles['notices']} role="status">
      {useStore(notices).map(({ id, text, action }) => (
        <div key={id} className={styles['notice']}>
          <span>{text}</span>
          {action && (
            <Button
              small
              onClick={() => {
                dismiss(id)
                action.run()
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
