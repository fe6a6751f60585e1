// Before the first thing was done on a page: what it is for, and something to begin with.

import type { ReactNode } from 'react'

import { Icon } from './icons'
import styles from './Welcome.module.css'

export interface Example {
  title: string
  text: string
}

interface Props {
  title: string
  text: string
  examples?: readonly Example[]
  ready?: boolean
  onChoose?: (text: string) => void
  /** It stands among other things on a page, and not alone. */
  within?: boolean
  children?: ReactNode
}

export function Welcome(props: Props) {
  const { title, text, examples = [], ready = true, onChoose, within, children } = props
  return (
    <div className={styles['welcome']} data-within={within}>
      <div className={styles['inner']}>
        <Bar />
        <h2>{title}</h2>
        <p>{text}</p>
        {children}
        {examples.length > 0 && (
          <ul className={styles['examples']} aria-label="Examples">
            {examples.map((example) => (
              <li key={example.title}>
                <button type="button" disabled={!ready} onClick={() => onChoose?.(example.text)}>
                  <span className={styles['name']}>
                    {example.title}
                    <Icon name="send" size={15} />
                  </span>
                  <span className={styles['text']}>{example.text}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

/** A bar with feeders; one carries a spark. */
function Bar() {
  return (
    <svg className={styles['bar']} viewBox="0 0 240 56" aria-hidden="true" focusable="false">
      <rect x="2" y="10" width="236" height="9" rx="4.5" />
      <path d="M40 19v20M120 19v28M200 19v20" />
      <g>
        <circle cx="40" cy="43" r="4.5" />
        <circle cx="120" cy="50" r="4.5" />
        <circle cx="200" cy="43" r="4.5" />
      </g>
      <path className={styles['spark']} d="M2 14.5h118v33" pathLength="100" />
    </svg>
  )
}
