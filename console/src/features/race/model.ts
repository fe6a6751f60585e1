// What a race is: the same prompt over three ways, again and again, and what each run measured.

import type { FailureFields } from '@/shared/api/failure'
import type { Way } from '@/shared/transport/answer'

export const WAYS = ['rest', 'sse', 'ws'] as const satisfies readonly Way[]

export const WAY_NAME: Record<Way, string> = { rest: 'REST', sse: 'SSE', ws: 'WebSocket' }

export interface RaceSettings {
  prompt: string
  repeats: number
  maxTokens: number
  /** Runs one round beforehand that is not counted: it fills caches and opens connections. */
  warmUp: boolean
  /** The same seed for every run, so that the texts can be compared; absent: none is sent. */
  seed?: number
}

/** A run that is to be made. Round 0 warms up. */
export interface Planned {
  round: number
  way: Way
}

export interface Run extends Planned {
  /** Which run of the whole race, counted from 1. */
  place: number
  model: string
  text: string
  /** From asking to the first text on this page, in milliseconds. */
  firstMs: number
  /** From asking to the end, seen from this page. */
  totalMs: number
  /** Tokens of the answer per second of the total. */
  tokensPerSecond: number
  tokensIn: number
  tokensCached: number
  tokensOut: number
  finishReason: string
  /** What the server measured of the same run. */
  server: { firstMs?: number; totalMs: number; tokensPerSecond?: number }
}

export interface Live extends Planned {
  text: string
  firstMs?: number
}

export interface RaceState {
  phase: 'idle' | 'running' | 'stopped' | 'failed' | 'done'
  settings: RaceSettings
  model: string
  startedAt: number
  planned: readonly Planned[]
  runs: readonly Run[]
  live: Live | undefined
  failure: (FailureFields & { message: string; way: Way }) | undefined
}

/** The runs that count. */
export function counted(runs: readonly Run[]): Run[] {
  return runs.filter(({ round }) => round > 0)
}
