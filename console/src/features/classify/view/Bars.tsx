// Labels as bars: the score in figures beside each, so that the drawing adds nothing for those who
// cannot see it.

import type { PredictLabel } from '@/shared/api/types'
import { percent } from '@/shared/lib/format'

import styles from './Bars.module.css'

export function Bars({ labels }: { labels: readonly PredictLabel[] }) {
  return (
    <ol className={styles['bars']} aria-label="Labels, the likeliest first">
      {labels.map(({ label, score, index }) => (
        <li key={index}>
          <span className={styles['label']}>{label}</span>
          <span className={styles['score']}>{percent(score)}</span>
          <span className={styles['track']} aria-hidden="true">
            <span style={{ width: `${score * 100}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
