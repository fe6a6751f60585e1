import { expect, test } from 'vitest'

import type { Run } from './model'
import { testRun } from './testRun'
import { verdict } from './verdict'

function rounds(
  number: number,
  of: (round: number) => Record<'rest' | 'sse' | 'ws', Partial<Run>>,
) {
  return Array.from({ length: number }, (_, index) => index + 1).flatMap((round) => {
    const { rest, sse, ws } = of(round)
    return [testRun(round, 'rest', rest), testRun(round, 'sse', sse), testRun(round, 'ws', ws)]
  })
}

test('streams show words early, and the whole takes as long', () => {
  const runs = rounds(5, (round) => ({
    rest: { firstMs: 1900 + round, totalMs: 1900 + round },
    sse: { firstMs: 47 + round, totalMs: 1905 + round },
    ws: { firstMs: 48 + round, totalMs: 1903 + round },
  }))
  expect(verdict(runs, true)).toEqual([
    'The first words came soonest over SSE and WebSocket (50 ms), with no clear difference between them; over REST 38 times later (1.90 s).',
    'The whole answer took about as long on all three (1.90 s).',
    'The three texts are equal in every round.',
  ])
})

test('a way that is slower is named with its share', () => {
  const runs = rounds(3, (round) => ({
    rest: { firstMs: 1000 + round, totalMs: 1000 + round },
    sse: { firstMs: 1200 + round, totalMs: 1200 + round },
    ws: { firstMs: 1001 + round, totalMs: 1001 + round },
  }))
  const [first, whole] = verdict(runs, false)
  expect(first).toContain('over SSE 20 % later (1.20 s)')
  expect(whole).toBe(
    'The whole answer was there soonest over REST and WebSocket (1.00 s); SSE took 20 % longer.',
  )
})

test('ways that cannot be told from one another are not ranked', () => {
  const runs = rounds(5, (round) => ({
    rest: { totalMs: 1000 + 20 * round },
    sse: { totalMs: 1030 + 20 * round },
    ws: { totalMs: 1060 + 20 * round },
  }))
  expect(verdict(runs, false)[1]).toBe('The whole answer took about as long on all three (1.06 s).')
})

test('texts that differ are told of, when the seed is fixed', () => {
  const runs = rounds(3, (round) => ({
    rest: {},
    sse: { text: round === 2 ? 'tin' : 'copper' },
    ws: {},
  }))
  expect(verdict(runs, true)).toContain(
    'The three texts differ in 1 of 3 rounds, though the seed is fixed.',
  )
  expect(verdict(runs, false).join(' ')).not.toContain('texts')
})

test('texts that differ between rounds only are told of too', () => {
  const runs = rounds(3, (round) => {
    const text = { text: `copper ${round}` }
    return { rest: text, sse: text, ws: text }
  })
  expect(verdict(runs, true)).toContain(
    'The three texts are equal in every round, but differ between rounds.',
  )
})

test('few rounds come with a caution', () => {
  const runs = rounds(2, () => ({ rest: {}, sse: {}, ws: {} }))
  expect(verdict(runs, false).at(-1)).toBe('With fewer than three rounds, chance decides as much.')
})

test('nothing is said before every way has run', () => {
  expect(verdict([testRun(1, 'sse')], true)).toEqual([])
})
