// Medians and spread in a table.

import { WAY_NAME } from '../model'
import { MEASURES, type WayResult } from '../results'
import { LaneMark } from './LaneMark'
import { MEASURE } from './measures'
import styles from './Tables.module.css'

export function Summary({ results }: { results: readonly WayResult[] }) {
  return (
    <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Medians and spread">
      <table className={styles['table']}>
        <caption className="sr-only">Medians and spread of each way</caption>
        <thead>
          <tr>
            <th scope="col">Way</th>
            <th scope="col">Runs</th>
            {MEASURES.map((measure) => (
              <th key={measure} scope="col">
                {MEASURE[measure].name}
                <small>median · middle half · all</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {results.map(({ way, spread }) => (
            <tr key={way}>
              <th scope="row">
                <LaneMark way={way} /> {WAY_NAME[way]}
              </th>
              <td>{spread.totalMs.n}</td>
              {MEASURES.map((measure) => {
                const { show } = MEASURE[measure]
                const { median, q1, q3, min, max } = spread[measure]
                return (
                  <td key={measure}>
                    <strong data-testid={`${way}-${measure}`}>{show(median)}</strong>
                    <small>
                      {show(q1)} to {show(q3)}
                    </small>
                    <small>
                      {show(min)} to {show(max)}
                    </small>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
