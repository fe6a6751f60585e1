import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { testJob, testProgress } from './testJob'
import { json, stream, testServer } from './testServer'
import { watchJob } from './watch'

const EVENTS = 'GET /v1/images/jobs/job-1/events'
const JOB = 'GET /v1/images/jobs/job-1'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const queued = { seq: 1, at: '', event: 'queued' }
const progress = (seq: number, step: number) => ({
  seq,
  at: '',
  event: 'progress',
  progress: testProgress(step, 20),
})
const succeeded = { seq: 9, at: '', event: 'succeeded', job: testJob({ state: 'succeeded' }) }

function watching() {
  const control = new AbortController()
  const seen: string[] = []
  return {
    control,
    seen,
    options: {
      signal: control.signal,
      onEvent: ({ event, seq }: { event: string; seq: number }) => seen.push(`${event} ${seq}`),
      onJob: ({ state }: { state: string }) => seen.push(`job ${state}`),
      onLine: (there: boolean) => {
        if (!there) seen.push('lost')
      },
    },
  }
}

test('a stream is followed to its end', async () => {
  const { api, on, asked } = testServer()
  on(EVENTS, stream([queued, progress(2, 1), succeeded]))
  const { options, seen } = watching()
  await watchJob(api, 'job-1', options)
  expect(seen).toEqual(['queued 1', 'progress 2', 'succeeded 9'])
  expect(asked).toEqual([EVENTS])
})

test('a stream that breaks goes on after the last event that was seen', async () => {
  const { api, on, requests } = testServer()
  on(EVENTS, stream([queued, progress(4, 3)]), stream([succeeded]))
  on(JOB, json(testJob({ state: 'running' })))
  const { options, seen } = watching()
  const done = watchJob(api, 'job-1', options)
  await vi.runAllTimersAsync()
  await done
  expect(seen).toEqual(['queued 1', 'progress 4', 'job running', 'succeeded 9'])
  expect(requests.at(-1)?.headers.get('last-event-id')).toBe('job-1:4')
})

test('where no stream comes through the job is asked for again and again', async () => {
  const { api, on, asked } = testServer()
  on(EVENTS, json({ title: 'Bad Gateway', status: 502 }, 502))
  const states = ['queued', 'running', 'running', 'running', 'succeeded'] as const
  on(JOB, ...states.map((state) => json(testJob({ state }))))
  const { options, seen } = watching()
  const done = watchJob(api, 'job-1', options)
  await vi.runAllTimersAsync()
  await done
  expect(seen).toEqual(states.map((state) => `job ${state}`))
  expect(asked.filter((what) => what === EVENTS)).toHaveLength(3)
})

test('a stream that says nothing is given up for asking', async () => {
  const { api, on } = testServer()
  on(EVENTS, stream([], false))
  on(JOB, json(testJob({ state: 'succeeded' })))
  const { options, seen } = watching()
  const done = watchJob(api, 'job-1', options)
  await vi.advanceTimersByTimeAsync(5000)
  await done
  expect(seen).toEqual(['job succeeded'])
})

test('a server that is out of reach is told once a try, and waited for', async () => {
  const { api, on } = testServer()
  on(EVENTS, new TypeError('fetch failed'))
  on(JOB, new TypeError('fetch failed'), json(testJob({ state: 'failed' })))
  const { options, seen } = watching()
  const done = watchJob(api, 'job-1', options)
  await vi.runAllTimersAsync()
  await done
  expect(seen).toEqual(['lost', 'job failed'])
})

test('a job that is gone ends it with the server’s word', async () => {
  const { api } = testServer()
  const { options } = watching()
  await expect(watchJob(api, 'job-1', options)).rejects.toMatchObject({ status: 404 })
})

test('stopping to watch stops at once', async () => {
  const { api, on } = testServer()
  on(EVENTS, stream([queued], false))
  const { options, control } = watching()
  const done = watchJob(api, 'job-1', options)
  const caught = expect(done).rejects.toThrow()
  await vi.advanceTimersByTimeAsync(100)
  control.abort()
  await caught
})
