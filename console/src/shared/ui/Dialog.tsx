// A panel above everything. The browser's own modal dialog keeps the focus inside, closes on Escape,
// makes the rest inert and gives the focus back.

import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'

import { IconButton } from './Button'
import styles from './Dialog.module.css'

interface Props {
  title: string
  /** From a side, in the middle, or over the whole window. */
  place: 'left' | 'right' | 'middle' | 'whole'
  open: boolean
  onClose: () => void
  onKeyDown?: (event: KeyboardEvent) => void
  /** Shown beside the title. */
  aside?: ReactNode
  children: ReactNode
}

export function Dialog({ title, place, open, onClose, onKeyDown, aside, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])

  return (
    <dialog
      ref={dialog}
      className={`${styles['dialog']} ${styles[place]}`}
      aria-label={title}
      onClose={onClose}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        // The dialog's own box is covered by its content: a click on it is one on the backdrop.
        if (event.target === dialog.current) onClose()
      }}
    >
      {open && (
        <div className={styles['content']}>
          <div className={styles['head']}>
            <h2>{title}</h2>
            <div className={styles['aside']}>
              {aside}
              <IconButton icon="close" label="Close" onClick={onClose} />
            </div>
          </div>
          {children}
        </div>
      )}
    </dialog>
  )
}
