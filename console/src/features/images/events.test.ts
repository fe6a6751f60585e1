import { expect, test } from 'vitest'

import type { ImageJobEvent } from '@/shared/api/types'

import { applied } from './events'
import { testJob, testProgress } from './testJob'

function event(name: string, given: Partial<ImageJobEvent> = {}): ImageJobEvent {
  return { seq: 1, at: '2026-01-01T00:00:01.000Z', event: name, ...given }
}

test('a job that starts waits no longer', () => {
  const job = applied(testJob({ position: 2 }), event('started', { attempt: 1 }))
  expect(job).toMatchObject({ state: 'running', attempts: 1 })
  expect(job).not.toHaveProperty('position')
})

test('progress is taken as it comes, and stopping is kept with it', () => {
  const job = applied(testJob(), event('progress', { progress: testProgress(3, 20) }))
  expect(job.progress?.step).toBe(3)
  expect(applied(job, event('stopping')).progress).toMatchObject({ step: 3, stopping: true })
})

test('an attempt that came to nothing leaves its reason', () => {
  const running = testJob({ state: 'running', progress: testProgress(3, 20) })
  const error = { attempt: 1, message: 'the disk is full', at: 'x' }
  const job = applied(running, event('retrying', { error }))
  expect(job).toMatchObject({ state: 'queued', faults: [error] })
  expect(job).not.toHaveProperty('progress')
})

test('the last event has the whole job', () => {
  const done = testJob({ state: 'succeeded' })
  expect(applied(testJob(), event('succeeded', { job: done }))).toBe(done)
})
