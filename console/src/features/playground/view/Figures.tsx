// The figures of an answer in a line.

import { count, duration, plural, rate } from '@/shared/lib/format'
import type { Way } from '@/shared/transport/answer'

import type { Answer } from '../model'
import styles from './Figures.module.css'

const WAY: Record<Way, string> = { sse: 'SSE', ws: 'WebSocket', rest: 'REST' }

export function Figures({ answer }: { answer: Answer }) {
  const { readout, way } = answer
  if (!readout) return null
  const cached = readout.tokensCached > 0 ? ` (${count(readout.tokensCached)} cached)` : ''
  const rows: readonly (readonly [name: string, value: string | undefined])[] = [
    ['first', readout.firstMs === undefined ? undefined : duration(readout.firstMs)],
    ['total', duration(readout.totalMs)],
    [
      'speed',
      readout.tokensPerSecond === undefined ? undefined : `${rate(readout.tokensPerSecond)} tok/s`,
    ],
    ['in', `${count(readout.tokensIn)}${cached}`],
    ['out', count(readout.tokensOut)],
    ['read in', readout.parts === undefined ? undefined : plural(readout.parts, 'part')],
    ['model', `${readout.model} · ${WAY[way]}`],
  ]
  return (
    <dl className={styles['figures']}>
      {rows.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}
