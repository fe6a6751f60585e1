// Three feeders from one bar: what each way is writing now, and which runs are done.

import { memo, useEffect, useRef } from 'react'

import { duration, rate } from '@/shared/lib/format'
import type { Way } from '@/shared/transport/answer'

import { WAY_NAME, WAYS, type Live, type Planned, type RaceState, type Run } from '../model'
import { LaneMark } from './LaneMark'
import styles from './Lanes.module.css'

const PHASE: Record<RaceState['phase'], string> = {
  idle: '',
  running: 'Running',
  stopped: 'Stopped',
  failed: 'Failed',
  done: 'Done',
}

export function Lanes({ state }: { state: RaceState }) {
  const { planned, runs, live, phase } = state
  const round = live ? live.round : (runs.at(-1)?.round ?? 0)
  const rounds = planned.at(-1)?.round ?? 0
  const section = useRef<HTMLElement>(null)

  useEffect(() => {
    // Where it is narrow the lanes begin below the form that started them.
    if (phase === 'running')
      section.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [phase])

  return (
    <section ref={section} aria-label="Lanes">
      <p className={styles['progress']}>
        <strong>{PHASE[phase]}</strong>
        {phase === 'running' && (
          <span>{round === 0 ? 'warming up' : `round ${round} of ${rounds}`}</span>
        )}
        <span>
          run {Math.min(runs.length + (live ? 1 : 0), planned.length)} of {planned.length}
        </span>
      </p>
      <div className={styles['lanes']}>
        {WAYS.map((way) => (
          <Lane
            key={way}
            way={way}
            planned={planned}
            runs={runs}
            live={live?.way === way ? live : undefined}
          />
        ))}
      </div>
    </section>
  )
}

interface LaneProps {
  way: Way
  planned: readonly Planned[]
  runs: readonly Run[]
  live: Live | undefined
}

const Lane = memo(function Lane({ way, planned, runs, live }: LaneProps) {
  const own = runs.filter((run) => run.way === way)
  const last = own.at(-1)
  const all = planned.filter((run) => run.way === way)
  const first = live ? live.firstMs : last?.firstMs
  return (
    <article className={styles['lane']} data-way={way} data-live={live ? true : undefined}>
      <h2>
        <LaneMark way={way} /> {WAY_NAME[way]}
      </h2>
      <ol className={styles['runs']} aria-label={`${own.length} of ${all.length} runs done`}>
        {all.map(({ round }, index) => (
          <li
            key={round}
            data-state={index < own.length ? 'done' : live?.round === round ? 'live' : undefined}
            data-warm={round === 0 || undefined}
          />
        ))}
      </ol>
      <p className={styles['text']}>
        {live ? live.text || '…' : (last?.text ?? 'Waiting its turn')}
      </p>
      <dl className={styles['figures']}>
        <div>
          <dt>First words</dt>
          <dd>{duration(first)}</dd>
        </div>
        <div>
          <dt>Total</dt>
          <dd>{live ? '…' : duration(last?.totalMs)}</dd>
        </div>
        <div>
          <dt>Tokens/s</dt>
          <dd>{live ? '…' : rate(last?.tokensPerSecond)}</dd>
        </div>
      </dl>
    </article>
  )
})
