// The runs as marks on a line, a drawing for each measure: every run, the middle half, the median.

import { useId, useLayoutEffect, useRef, useState } from 'react'

import { ticks } from '@/shared/stats/statistics'

import { WAY_NAME } from '../model'
import { MEASURES, type Measure, type WayResult } from '../results'
import styles from './Chart.module.css'
import { Shape } from './LaneMark'
import { MEASURE } from './measures'

const ROW = 34
const TOP = 8
const AXIS = 24
const NAMES = 84
const VALUES = 70

export function Chart({ results }: { results: readonly WayResult[] }) {
  return (
    <div className={styles['charts']}>
      {MEASURES.map((measure) => (
        <Strip key={measure} measure={measure} results={results} />
      ))}
    </div>
  )
}

function Strip({ measure, results }: { measure: Measure; results: readonly WayResult[] }) {
  const id = useId()
  const figure = useRef<HTMLElement>(null)
  const width = useWidth(figure)
  const { name, better, show, tick } = MEASURE[measure]
  const most = Math.max(...results.map(({ spread }) => spread[measure].max))
  const marks = ticks(most, width < 480 ? 3 : 5)
  const plot = Math.max(width - NAMES - VALUES, 40)
  const x = (value: number) => NAMES + (value / (marks.at(-1) || 1)) * plot
  const height = TOP + results.length * ROW + AXIS

  return (
    <figure ref={figure} className={styles['figure']}>
      <figcaption id={`${id}-name`}>
        {name} <span>({better})</span>
      </figcaption>
      <svg
        role="img"
        aria-labelledby={`${id}-name`}
        aria-describedby={`${id}-words`}
        width={width}
        height={height}
      >
        <desc id={`${id}-words`}>{inWords(measure, results)}</desc>
        {marks.map((value) => (
          <g key={value} className={styles['tick']}>
            <line x1={x(value)} x2={x(value)} y1={TOP} y2={height - AXIS} />
            <text x={x(value)} y={height - 7} textAnchor="middle">
              {value === 0 ? '0' : tick(value)}
            </text>
          </g>
        ))}
        {results.map(({ way, runs, spread: all }, index) => {
          const y = TOP + index * ROW + ROW / 2
          const spread = all[measure]
          return (
            <g key={way} data-way={way} className={styles['row']}>
              <text x={0} y={y + 4} className={styles['way']}>
                {WAY_NAME[way]}
              </text>
              <rect
                className={styles['band']}
                x={x(spread.q1)}
                width={Math.max(x(spread.q3) - x(spread.q1), 1)}
                y={y - 9}
                height={18}
                rx={3}
              />
              <g className={styles['runs']}>
                {runs.map((run) => (
                  <Shape key={run.place} way={way} x={x(run[measure])} y={y} />
                ))}
              </g>
              <line
                className={styles['median']}
                x1={x(spread.median)}
                x2={x(spread.median)}
                y1={y - 13}
                y2={y + 13}
              />
              <text x={width} y={y + 4} textAnchor="end" className={styles['value']}>
                {show(spread.median)}
              </text>
            </g>
          )
        })}
      </svg>
    </figure>
  )
}

function inWords(measure: Measure, results: readonly WayResult[]): string {
  const { show } = MEASURE[measure]
  const said = results.map(({ way, spread }) => {
    const { median, min, max } = spread[measure]
    return `${WAY_NAME[way]}: median ${show(median)}, from ${show(min)} to ${show(max)}.`
  })
  return said.join(' ')
}

function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(640)
  useLayoutEffect(() => {
    const measured = element.current
    if (!measured) return
    const resized = new ResizeObserver(() => setWidth(measured.clientWidth))
    resized.observe(measured)
    return () => resized.disconnect()
  }, [element])
  return width
}
