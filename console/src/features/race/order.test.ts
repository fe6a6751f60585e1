import { expect, test } from 'vitest'

import { WAYS } from './model'
import { plan } from './order'

test('each round has every way once', () => {
  const planned = plan(4, true)
  for (let round = 0; round <= 4; round += 1) {
    const ways = planned.filter((run) => run.round === round).map(({ way }) => way)
    expect(ways.toSorted()).toEqual([...WAYS].toSorted())
  }
  expect(planned).toHaveLength(15)
})

test('every way has every place equally often', () => {
  const planned = plan(6, false)
  for (let place = 0; place < WAYS.length; place += 1) {
    const there = planned.filter((_, index) => index % WAYS.length === place)
    for (const way of WAYS) expect(there.filter((run) => run.way === way)).toHaveLength(2)
  }
})

test('without warming up the first round counts', () => {
  expect(plan(1, false).map(({ round }) => round)).toEqual([1, 1, 1])
})
