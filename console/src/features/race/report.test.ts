import { expect, test } from 'vitest'

import { raceCsv, raceJson } from './report'
import { testRun } from './testRun'

function lastCell(text: string): string {
  const [, row = ''] = raceCsv([testRun(1, 'sse', { text })]).split(/\r\n(.*)/s)
  return row.slice(row.indexOf('61,') + 3).replace(/\r\n$/, '')
}

test('a run is a line under the names of its columns', () => {
  const [head, row] = raceCsv([testRun(0, 'ws', { firstMs: 1.23456 })]).split('\r\n')
  expect(head?.split(',').slice(0, 6)).toEqual([
    'place',
    'round',
    'warm_up',
    'way',
    'model',
    'first_ms',
  ])
  expect(row).toBe('1,0,1,ws,m,1.235,1000,60,10,0,60,stop,45,990,61,copper')
})

test('texts with commas, quotes and lines are quoted', () => {
  expect(lastCell('a, "b"\nc')).toBe('"a, ""b""\nc"')
})

test('a text is no formula', () => {
  expect(lastCell('=1+1')).toBe("'=1+1")
})

test('what a server did not measure is an empty cell', () => {
  const run = testRun(1, 'sse', { server: { totalMs: 9 } })
  expect(raceCsv([run])).toContain(',stop,,9,,copper')
})

test('the JSON report has settings, summary, verdict and every run', () => {
  const runs = (['rest', 'sse', 'ws'] as const).map((way) => testRun(1, way))
  const report = raceJson({
    phase: 'done',
    settings: { prompt: 'p', repeats: 1, maxTokens: 8, warmUp: false, seed: 1 },
    model: 'm',
    startedAt: 0,
    planned: [],
    runs,
    live: undefined,
    failure: undefined,
  })
  expect(JSON.parse(report)).toMatchObject({
    started: '1970-01-01T00:00:00.000Z',
    settings: { seed: 1 },
    summary: [{ way: 'rest', totalMs: { median: 1000 } }, { way: 'sse' }, { way: 'ws' }],
    runs,
  })
})
