// A track whose clock moves only when the test says so.

import { beforeEach, expect, test, vi } from 'vitest'

import { aborted, Failure } from '@/shared/api/failure'
import type { AnswerOptions, Call, Way } from '@/shared/transport/answer'

import { Racing } from './racing'

let clock = 0

beforeEach(() => {
  clock = 0
  vi.stubGlobal('requestAnimationFrame', () => 0)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
})

type Leg = (way: Way, call: Call, options: AnswerOptions) => Promise<void>

const steady: Leg = (way, _, { onEvent }) => {
  clock += way === 'rest' ? 1000 : 100
  onEvent({ type: 'text', text: 'cop' })
  clock += way === 'rest' ? 0 : 900
  onEvent({ type: 'text', text: 'per' })
  const metrics = { model: 'm', total_ms: 990, tokens_in: 3, tokens_cached: 0, tokens_out: 50 }
  onEvent({ type: 'done', finishReason: 'stop', metrics })
  return Promise.resolve()
}

function race(leg: Leg) {
  const asked: { way: Way; call: Call }[] = []
  const racing = new Racing({
    prepare: () => Promise.resolve(),
    clock: () => clock,
    ask: (way, call, options) => {
      asked.push({ way, call })
      return leg(way, call, options)
    },
  })
  racing.configure({ repeats: 2, warmUp: true })
  return { racing, asked }
}

test('every planned run is made and measured from the page', async () => {
  const { racing, asked } = race(steady)
  await racing.start('m')
  const { phase, runs } = racing.state.get()
  expect(phase).toBe('done')
  expect(asked.map(({ way }) => way)).toEqual('rest sse ws sse ws rest ws rest sse'.split(' '))
  expect(runs.map(({ round }) => round)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2])
  expect(runs[3]).toMatchObject({
    way: 'sse',
    text: 'copper',
    firstMs: 100,
    totalMs: 1000,
    tokensPerSecond: 50,
    server: { totalMs: 990 },
  })
  expect(runs[0]).toMatchObject({ way: 'rest', firstMs: 1000, totalMs: 1000 })
})

test('every run asks the same', async () => {
  const { racing, asked } = race(steady)
  racing.seed(7)
  await racing.start('m')
  for (const { call } of asked) expect(call).toEqual(asked[0]?.call)
  expect(asked[0]?.call.body).toMatchObject({ seed: 7, max_tokens: 64 })
})

test('without a fixed seed none is sent', async () => {
  const { racing, asked } = race(steady)
  racing.seed(undefined)
  await racing.start('m')
  expect(asked[0]?.call.body).not.toHaveProperty('seed')
})

test('a failure ends the race, keeps what was measured and says which way failed', async () => {
  let left = 4
  const { racing } = race((way, call, options) => {
    left -= 1
    if (left < 0) return Promise.reject(new Failure('The queue is full.', { status: 503 }))
    return steady(way, call, options)
  })
  await racing.start('m')
  expect(racing.state.get()).toMatchObject({
    phase: 'failed',
    failure: { message: 'The queue is full.', status: 503, way: 'ws' },
  })
  expect(racing.state.get().runs).toHaveLength(4)
})

test('stopping ends the race and keeps what was measured', async () => {
  const { racing } = race((way, call, options) => {
    if (racing.state.get().runs.length < 2) return steady(way, call, options)
    racing.stop()
    return Promise.reject(aborted())
  })
  await racing.start('m')
  expect(racing.state.get()).toMatchObject({ phase: 'stopped', live: undefined })
  expect(racing.state.get().runs).toHaveLength(2)
})
