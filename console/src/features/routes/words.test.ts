import { expect, test } from 'vitest'

import type { Metrics, RouteTarget } from '@/shared/api/types'

import { breaker, choice, cost, course, healthOf, lastResorts, load, seen } from './words'

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

test('what has no price is not said to be free', () => {
  expect(cost(null)).toBe('no price is known')
  expect(cost(0)).toBe('nothing')
  expect(cost(0.00001234)).toBe('$0.000012')
  expect(cost(0.00125)).toBe('$0.001250')
  expect(cost(1.239)).toBe('$1.24')
})

const METRICS: Metrics = {
  model: 'small',
  first_chunk_ms: 38,
  total_ms: 1920,
  tokens_in: 3,
  tokens_cached: 0,
  tokens_out: 50,
}

test('an answer says who gave it, how often was asked, and which choice that was', () => {
  const route = { name: 'assistant', target: 'local/small', attempts: 2, degraded: 'local' }
  expect(Object.fromEntries(course({ ...METRICS, cost_usd: 0, route }))).toEqual({
    'Answered by': 'local/small',
    Attempts: '2',
    Choice: 'a model that runs here',
    'First token': '38 ms',
    Total: '1.92 s',
    Cost: 'nothing',
  })
})

test('a fixed text is said to be one', () => {
  const route = { name: 'assistant', attempts: 3, degraded: 'static', cache: 'miss' }
  expect(Object.fromEntries(course({ ...METRICS, route }))).toMatchObject({
    'Answered by': 'nobody',
    Choice: 'a fixed text, as nobody answered',
    Cache: 'no answer was kept',
  })
})

test('the first choice is said to be it, and a model without a route by its name', () => {
  const route = { name: 'assistant', target: 'local/small', attempts: 1 }
  expect(course({ ...METRICS, route })).toContainEqual(['Choice', 'the first'])
  expect(course(METRICS)[0]).toEqual(['Answered by', 'small'])
})

test('a cost that is an estimate says so', () => {
  const facts = course({ ...METRICS, cost_usd: 2, cost_estimated: true })
  expect(Object.fromEntries(facts)['Cost']).toBe('$2.00, estimated')
})
