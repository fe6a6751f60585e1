// What the race showed: in words, as a drawing, in figures, run by run, as a file.

import { download } from '@/shared/lib/download'
import { Button } from '@/shared/ui/Button'

import type { RaceState } from '../model'
import { raceCsv, raceJson } from '../report'
import { results } from '../results'
import { verdict } from '../verdict'
import { Chart } from './Chart'
import styles from './Results.module.css'
import { RunTable } from './RunTable'
import { Summary } from './Summary'

export function Results({ state }: { state: RaceState }) {
  const { runs, settings, phase } = state
  const all = results(runs)
  const said = verdict(runs, settings.seed !== undefined)
  return (
    <section className={styles['results']} aria-label="Results">
      <h2>{phase === 'running' ? 'So far' : 'Results'}</h2>
      {said.length > 0 && (
        <div className={styles['verdict']} data-testid="verdict">
          {said.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
      <Chart results={all} />
      <Summary results={all} />
      <details className={styles['details']}>
        <summary>Every run</summary>
        <RunTable runs={runs} />
      </details>
      <details className={styles['details']}>
        <summary>How it is measured</summary>
        <ul>
          <li>Times begin when this page asks and end when the text has arrived in it.</li>
          <li>
            Runs follow one another. Each round has every way once and begins one way later than the
            round before, so that warm caches and passing load fall on all alike.
          </li>
          <li>
            The WebSocket is opened before the race, since one connection serves many answers. REST
            and SSE use the connections that the browser keeps open.
          </li>
          <li>Over REST the first words come with the last: the answer is one body.</li>
          <li>Tokens per second are those of the whole answer, divided by its total time.</li>
          <li>
            The middle half (from the first to the third quartile) is the band in the drawing.
          </li>
        </ul>
      </details>
      <div className={styles['export']}>
        <Button
          icon="download"
          onClick={() => download('busbar-race.json', 'application/json', raceJson(state))}
        >
          Export JSON
        </Button>
        <Button
          icon="download"
          onClick={() => download('busbar-race.csv', 'text/csv', raceCsv(runs))}
        >
          Export CSV
        </Button>
      </div>
    </section>
  )
}
