// A panel from the page's side, above everything. The browser's own modal dialog keeps the focus
// inside, closes on Escape and makes the rest inert.

import { useEffect, useRef, type ReactNode } from 'react'

import { IconButton } from './Button'
import styles from './Drawer.module.css'

interface Props {
  title: string
  side: 'left' | 'right'
  open: boolean
  onClose: () => void
  children: ReactNode
}

export function Drawer({ title, side, open, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])

  return (
    <dialog
      ref={dialog}
      className={`${styles['drawer']} ${styles[side]}`}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        // The dialog's own box is covered by its content: a click on it is one on the backdrop.
        if (event.target === dialog.current) onClose()
      }}
    >
      {open && (
        <div className={styles['content']}>
          <div className={styles['head']}>
            <h2>{title}</h2>
            <IconButton icon="close" label="Close" onClick={onClose} />
          </div>
          {children}
        </div>
      )}
    </dialog>
  )
}
