import { expect, test } from 'vitest'

import type { RouteTarget } from '@/shared/api/types'

import { breaker, choice, healthOf, lastResorts, load, seen } from './words'

const WELL: RouteTarget = {
  name: 'local/small',
  model: 'small',
  provider: 'local',
  present: true,
  weight: 1,
  breaker: 'closed',
  calls: 0,
  failed: 0,
  slow: 0,
  in_flight: 0,
}

test('a target that is well is said to be asked', () => {
  expect(healthOf(WELL)).toBe('well')
  expect(breaker(WELL)).toMatch(/^Breaker closed/)
  expect(seen(WELL)).toBe('none of late')
})

test('an open breaker says when it is tried again', () => {
  const open = { ...WELL, breaker: 'open', opens_in_ms: 4000, calls: 3, failed: 1 }
  expect(healthOf(open)).toBe('away')
  expect(breaker(open)).toBe('Breaker open: a probe goes there in 4.00 s')
  expect(seen(open)).toBe('3 calls, 100 % failed')
})

test('a half-open breaker and a target at rest are neither well nor away', () => {
  expect(healthOf({ ...WELL, breaker: 'half_open' })).toBe('probing')
  const resting = { ...WELL, rests_for_ms: 1500 }
  expect(healthOf(resting)).toBe('probing')
  expect(breaker(resting)).toMatch(/^Left alone for 1\.50 s/)
})

test('a model that is not here is away whatever its breaker says', () => {
  expect(healthOf({ ...WELL, present: false })).toBe('away')
})

test('load is told with its limit where there is one', () => {
  expect(load({ ...WELL, in_flight: 2 })).toBe('2')
  expect(load({ ...WELL, in_flight: 2, limit: 8 })).toBe('2 of 8')
})

test('a word that this page does not know is shown as it is', () => {
  expect(choice('sticky')).toMatch(/same key/)
  expect(choice('moonlight')).toBe('moonlight')
  expect(lastResorts([])).toBe('an error')
  expect(lastResorts(['cached', 'static'])).toBe('an earlier answer, then a fixed text')
})
