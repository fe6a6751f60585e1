// A race as a file: everything as JSON, a line a run as CSV.

import type { RaceState, Run } from './model'
import { results } from './results'
import { verdict } from './verdict'

export function raceJson({ settings, model, startedAt, runs }: RaceState): string {
  const report = {
    format: 'busbar-race',
    version: 1,
    started: new Date(startedAt).toISOString(),
    model,
    settings,
    verdict: verdict(runs, settings.seed !== undefined),
    summary: results(runs).map(({ way, spread }) => ({ way, ...spread })),
    runs,
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

const COLUMNS: readonly (readonly [name: string, of: (run: Run) => string | number | undefined])[] =
  [
    ['place', (run) => run.place],
    ['round', (run) => run.round],
    ['warm_up', (run) => (run.round === 0 ? 1 : 0)],
    ['way', (run) => run.way],
    ['model', (run) => run.model],
    ['first_ms', (run) => milli(run.firstMs)],
    ['total_ms', (run) => milli(run.totalMs)],
    ['tokens_per_second', (run) => milli(run.tokensPerSecond)],
    ['tokens_in', (run) => run.tokensIn],
    ['tokens_cached', (run) => run.tokensCached],
    ['tokens_out', (run) => run.tokensOut],
    ['finish_reason', (run) => run.finishReason],
    ['server_first_ms', (run) => milli(run.server.firstMs)],
    ['server_total_ms', (run) => milli(run.server.totalMs)],
    ['server_tokens_per_second', (run) => milli(run.server.tokensPerSecond)],
    ['text', (run) => run.text],
  ]

export function raceCsv(runs: readonly Run[]): string {
  const head = COLUMNS.map(([name]) => name)
  const rows = runs.map((run) => COLUMNS.map(([, of]) => cell(of(run))))
  return [head, ...rows].map((row) => `${row.join(',')}\r\n`).join('')
}

/** Quoted where it must be (RFC 4180), and never a formula for a spreadsheet to run. */
function cell(value: string | number | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

function milli(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(3))
}
