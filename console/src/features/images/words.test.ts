import { expect, test } from 'vitest'

import { left, milestone, standing } from './words'
import { testJob, testProgress } from './testJob'

test('how a job stands is told in words', () => {
  const running = (step: number, of = 20, stopping = false) =>
    standing(testJob({ state: 'running', progress: testProgress(step, of, { stopping }) }))
  expect([
    standing(testJob()),
    standing(testJob({ position: 1 })),
    standing(testJob({ position: 3 })),
    standing(testJob({ state: 'running' })),
    running(7),
    running(20),
    running(7, 20, true),
  ]).toEqual([
    'Waiting its turn',
    'Waiting: next in line',
    'Waiting: number 3 in line',
    'Warming up',
    'Step 7 of 20',
    'Finishing the picture',
    'Stopping before the next step',
  ])
})

test('an estimate runs down between two steps and never below nothing', () => {
  expect(left(30, 1000, 1000)).toBe('about 30 s left')
  expect(left(30, 1000, 21_000)).toBe('about 10 s left')
  expect(left(30, 1000, 99_000)).toBe('about a moment left')
  expect(left(undefined, 0, 0)).toBeUndefined()
})

test('each quarter is told once', () => {
  const at = (step: number) => testJob({ state: 'running', progress: testProgress(step, 100) })
  const told = Array.from({ length: 100 }, (_, step) => milestone(at(step), at(step + 1)))
  expect(told.filter(Boolean)).toEqual(['25 %.', '50 %.', '75 %.'])
})
