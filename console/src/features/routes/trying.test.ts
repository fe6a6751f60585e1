// A route that answers what the test says.

import { beforeEach, expect, test, vi } from 'vitest'

import { aborted, Failure } from '@/shared/api/failure'
import type { AnswerOptions, Call } from '@/shared/transport/answer'

import { Trying } from './trying'

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', () => 0)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
})

type Play = (options: AnswerOptions) => Promise<void>

function tried(play: Play) {
  const calls: Call[] = []
  const said: string[] = []
  const trying = new Trying({
    ask: (_, call, options) => {
      calls.push(call)
      return play(options)
    },
    announce: (text) => void said.push(text),
  })
  return { trying, calls, said }
}

const untilStopped: Play = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(aborted()))
  })

const metrics = {
  model: 'm',
  total_ms: 9,
  tokens_in: 1,
  tokens_cached: 0,
  tokens_out: 2,
  route: { name: 'assistant', attempts: 2, target: 'local/m', degraded: 'local' },
}

test('an answer is shown whole, with who gave it, and said aloud', async () => {
  const { trying, calls, said } = tried(({ onEvent }) => {
    onEvent({ type: 'text', text: 'cop' })
    onEvent({ type: 'text', text: 'per' })
    onEvent({ type: 'done', finishReason: 'stop', metrics })
    return Promise.resolve()
  })
  await trying.start('assistant', 'Hi')
  expect(calls[0]?.body).toMatchObject({ model: 'assistant', messages: [{ content: 'Hi' }] })
  expect(trying.state.get()).toMatchObject({ phase: 'done', text: 'copper', metrics })
  expect(said).toEqual(['Asking assistant.', 'local/m answered: copper'])
})

test('another model that goes on is announced, and so is a connection that broke', async () => {
  const { trying, said } = tried(({ onEvent }) => {
    onEvent({ type: 'handed-over', from: 'bad', to: 'small' })
    onEvent({ type: 'lost' })
    onEvent({ type: 'resumed' })
    onEvent({ type: 'done', finishReason: 'stop', metrics: undefined })
    return Promise.resolve()
  })
  await trying.start('assistant', 'Hi')
  const { notes } = trying.state.get()
  expect(notes).toHaveLength(3)
  expect(notes[0]).toBe('bad was lost in the middle of its answer; small goes on with it.')
  expect(said).toEqual(expect.arrayContaining([...notes]))
})

test('a failure keeps what had come before it', async () => {
  const failure = new Failure('Nobody answered.', { status: 503 })
  const { trying } = tried(({ onEvent }) => {
    onEvent({ type: 'text', text: 'half' })
    return Promise.reject(failure)
  })
  await trying.start('assistant', 'Hi')
  expect(trying.state.get()).toMatchObject({ phase: 'failed', text: 'half', failure })
})

test('stopping ends the request and is no failure', async () => {
  const { trying, said } = tried(untilStopped)
  const done = trying.start('assistant', 'Hi')
  expect(trying.isBusy()).toBe(true)
  trying.stop()
  await done
  expect(trying.state.get()).toMatchObject({ phase: 'stopped' })
  expect(trying.state.get()).not.toHaveProperty('failure')
  expect(said.at(-1)).toBe('Stopped.')
})

test('what was cleared away says nothing any more', async () => {
  const { trying, said } = tried(untilStopped)
  const done = trying.start('assistant', 'Hi')
  trying.clear()
  await done
  expect(trying.state.get().phase).toBe('idle')
  expect(said).toEqual(['Asking assistant.'])
})
