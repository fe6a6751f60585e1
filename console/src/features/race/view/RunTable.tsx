// Every run in the order in which it was made, with what the server measured beside it.

import { count, duration, rate } from '@/shared/lib/format'

import { WAY_NAME, type Run } from '../model'
import styles from './Tables.module.css'

const COLUMNS: readonly (readonly [name: string, of: (run: Run) => string])[] = [
  ['Round', (run) => (run.round === 0 ? 'warm-up' : String(run.round))],
  ['Way', (run) => WAY_NAME[run.way]],
  ['First words', (run) => duration(run.firstMs)],
  ['Whole', (run) => duration(run.totalMs)],
  ['Tokens/s', (run) => rate(run.tokensPerSecond)],
  ['Out', (run) => count(run.tokensOut)],
  ['Server: first', (run) => duration(run.server.firstMs)],
  ['Server: whole', (run) => duration(run.server.totalMs)],
  ['Server: tokens/s', (run) => rate(run.server.tokensPerSecond)],
]

export function RunTable({ runs }: { runs: readonly Run[] }) {
  return (
    <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Every run">
      <table className={`${styles['table']} ${styles['dense']}`}>
        <thead>
          <tr>
            <th scope="col">#</th>
            {COLUMNS.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.place}>
              <th scope="row">{run.place}</th>
              {COLUMNS.map(([name, of]) => (
                <td key={name}>{of(run)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
