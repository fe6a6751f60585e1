import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Gallery } from './gallery'
import { testJob, testProgress } from './testJob'
import { json, stream, testServer } from './testServer'

const LIST = 'GET /v1/images/jobs'
const SUBMIT = 'POST /v1/images/jobs'
const BODY = { prompt: 'a red apple' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const job = (number: number, given = {}) =>
  testJob({
    id: `job-${number}`,
    created_at: `2026-01-01T00:00:0${number}.000Z`,
    state: 'succeeded',
    ...given,
  })

const ids = (gallery: Gallery) => gallery.shown.get().jobs.map(({ id }) => id)

async function settle() {
  await vi.advanceTimersByTimeAsync(50)
}

test('jobs are listed newest first, a page after the other', async () => {
  const { api, on, asked } = testServer()
  on(
    LIST,
    json({ object: 'list', data: [job(3), job(2)], next: 'c' }),
    json({ object: 'list', data: [job(1)] }),
  )
  const gallery = new Gallery(api)
  await gallery.wake()
  await gallery.more()
  expect(ids(gallery)).toEqual(['job-3', 'job-2', 'job-1'])
  expect(gallery.shown.get().next).toBeUndefined()
  expect(asked).toEqual([`${LIST}?limit=30`, `${LIST}?limit=30&after=c`])
  gallery.sleep()
})

test('a list that is refused is told, and taken when it comes', async () => {
  const { api, on } = testServer()
  on(
    LIST,
    json({ title: 'No jobs here', status: 503, code: 'jobs_disabled' }, 503),
    json({ object: 'list', data: [job(1)] }),
  )
  const gallery = new Gallery(api)
  await gallery.wake()
  expect(gallery.shown.get()).toMatchObject({
    phase: 'failed',
    failure: { message: 'No jobs here', code: 'jobs_disabled' },
  })
  await gallery.wake()
  expect(gallery.shown.get()).toMatchObject({ phase: 'ready', failure: undefined })
  gallery.sleep()
})

test('an answer that was lost is asked for again under the same key', async () => {
  const { api, on, requests } = testServer()
  on(SUBMIT, new TypeError('fetch failed'), json(job(1, { state: 'queued' }), 202))
  const gallery = new Gallery(api)
  const submitted = gallery.submit(BODY, 'key-1')
  await vi.runAllTimersAsync()
  expect((await submitted).id).toBe('job-1')
  const keys = requests.map(({ headers }) => headers.get('idempotency-key'))
  expect(keys).toEqual(['key-1', 'key-1'])
  expect(ids(gallery)).toEqual(['job-1'])
})

test('a refusal is no lost answer: it is told at once', async () => {
  const { api, on, asked } = testServer()
  on(SUBMIT, json({ title: 'Bad', status: 400, detail: '`steps` is 0', param: 'steps' }, 400))
  const submitted = new Gallery(api).submit(BODY, 'key-1')
  await expect(submitted).rejects.toMatchObject({ param: 'steps', message: '`steps` is 0' })
  expect(asked).toEqual([SUBMIT])
})

test('a job under way is watched, and its end is told', async () => {
  const { api, on } = testServer()
  const running = job(1, { state: 'running' })
  on(LIST, json({ object: 'list', data: [running] }))
  const events = [
    { seq: 2, at: '', event: 'progress', progress: testProgress(5, 10) },
    { seq: 3, at: '', event: 'succeeded', job: job(1) },
  ]
  on('GET /v1/images/jobs/job-1/events', stream(events))
  const told: string[] = []
  const gallery = new Gallery(api, (before, after) => told.push(`${before.state} ${after.state}`))
  await gallery.wake()
  await settle()
  expect(told).toEqual(['running running', 'running succeeded'])
  expect(gallery.shown.get().jobs[0]?.state).toBe('succeeded')
  gallery.sleep()
})

test('at most two are streamed, the oldest first; the others are asked for their place', async () => {
  const { api, on, asked } = testServer()
  const waiting = [4, 3, 2, 1].map((number) => job(number, { state: 'queued' }))
  on(LIST, json({ object: 'list', data: waiting }))
  for (const one of [1, 2, 3, 4]) {
    on(`GET /v1/images/jobs/job-${one}/events`, stream([{ seq: 1, event: 'queued' }], false))
    on(`GET /v1/images/jobs/job-${one}`, json(job(one, { state: 'queued', position: one })))
  }
  const gallery = new Gallery(api)
  await gallery.wake()
  await vi.advanceTimersByTimeAsync(3100)
  const streamed = asked.filter((what) => what.endsWith('/events'))
  expect(streamed).toEqual(['GET /v1/images/jobs/job-1/events', 'GET /v1/images/jobs/job-2/events'])
  expect(gallery.shown.get().jobs.map(({ position }) => position)).toEqual([4, 3, 2, 1])
  gallery.sleep()
})

test('a job that was hidden stays away until it is put back', async () => {
  const { api, on, asked } = testServer()
  on(LIST, json({ object: 'list', data: [job(2), job(1)] }))
  on('GET /v1/images/jobs/job-2', json(job(2)))
  const gallery = new Gallery(api)
  await gallery.wake()
  gallery.hide('job-2')
  await gallery.wake()
  expect(ids(gallery)).toEqual(['job-1'])
  await gallery.restore('job-2')
  expect(ids(gallery)).toEqual(['job-2', 'job-1'])
  expect(asked.some((what) => what.startsWith('DELETE'))).toBe(false)
  gallery.sleep()
})

test('a job that cannot be removed comes back', async () => {
  const { api, on } = testServer()
  on(LIST, json({ object: 'list', data: [job(1)] }))
  on('GET /v1/images/jobs/job-1', json(job(1)))
  on(
    'DELETE /v1/images/jobs/job-1',
    json({ title: 'It runs', status: 409, code: 'job_running' }, 409),
  )
  const gallery = new Gallery(api)
  await gallery.wake()
  gallery.hide('job-1')
  await expect(gallery.remove('job-1')).rejects.toMatchObject({ code: 'job_running' })
  expect(ids(gallery)).toEqual(['job-1'])
  gallery.sleep()
})

test('one that is gone already is gone', async () => {
  const gallery = new Gallery(testServer().api)
  await expect(gallery.remove('job-1')).resolves.toBeUndefined()
})
