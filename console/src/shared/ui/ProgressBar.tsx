// How far something has come.

import styles from './ProgressBar.module.css'

interface Props {
  /** What is said in place of the drawing. */
  label: string
  value: number
  /** 0: nobody knows yet. */
  of: number
}

export function ProgressBar({ label, value, of }: Props) {
  const known = of > 0 ? { value, max: of } : {}
  return <progress className={styles['bar']} aria-label={label} {...known} />
}
