// A page that is read from top to bottom: its name, a line about it, what is on it.

import type { ReactNode } from 'react'

import styles from './Page.module.css'

interface Props {
  title: string
  lead: ReactNode
  /** At the title's other end. */
  aside?: ReactNode
  children: ReactNode
}

export function Page({ title, lead, aside, children }: Props) {
  return (
    <div className={styles['page']}>
      <div className={styles['inner']}>
        <header className={styles['head']}>
          <h1>{title}</h1>
          {aside}
          <p className={styles['lead']}>{lead}</p>
        </header>
        {children}
      </div>
    </div>
  )
}
