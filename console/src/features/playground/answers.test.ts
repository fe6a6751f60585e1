// The transports here are played by the test: it says what comes and when it ends.

import { beforeEach, expect, test, vi } from 'vitest'

import { aborted, Failure } from '@/shared/api/failure'
import type { AnswerOptions, Call, Way } from '@/shared/transport/answer'

import { Answers } from './answers'
import { History } from './history'
import type { Answer } from './model'
import { memoryShelf } from './shelf'

interface Asked {
  way: Way
  call?: Call
  stream?: string
  options: AnswerOptions
  end: () => void
  fail: (reason: Error) => void
}

beforeEach(() => {
  globalThis.localStorage = { getItem: () => null, setItem: () => undefined } as unknown as Storage
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0))
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id))
})

async function setup(shelf = memoryShelf()) {
  const asked: Asked[] = []
  const begin = (what: Pick<Asked, 'way' | 'call' | 'stream'>, options: AnswerOptions) =>
    new Promise<void>((end, fail) => {
      options.signal.addEventListener('abort', () => fail(aborted()))
      asked.push({ ...what, options, end, fail })
    })
  const history = new History()
  await history.load(shelf)
  const answers = new Answers(history, {
    ask: (way, call, options) => begin({ way, call }, options),
    rejoin: (way, stream, options) => begin({ way, stream }, options),
  })
  const id = () => history.shown.get().open.id
  const last = () => history.shown.get().open.turns.at(-1) as Answer
  const at = (index: number) => asked[index] as Asked
  return { answers, history, asked, at, id, last, shelf }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

test('an answer grows, ends and keeps its figures', async () => {
  const { answers, at, id, last, history } = await setup()
  answers.send(id(), 'm', { text: 'What conducts?' })
  expect(last().state).toBe('waiting')
  const { onEvent } = at(0).options
  onEvent({ type: 'started', stream: 's', model: 'm' })
  onEvent({ type: 'text', text: 'Cop' })
  onEvent({ type: 'text', text: 'per.' })
  await settled()
  expect(last()).toMatchObject({ state: 'writing', text: 'Copper.', stream: 's' })
  const metrics = { model: 'm', total_ms: 9, tokens_in: 3, tokens_cached: 1, tokens_out: 2 }
  onEvent({ type: 'done', finishReason: 'stop', metrics })
  at(0).end()
  await settled()
  expect(last()).toMatchObject({ state: 'done', readout: { totalMs: 9, tokensOut: 2 } })
  expect(history.shown.get().open.title).toBe('What conducts?')
})

test('stopping keeps what was written', async () => {
  const { answers, at, id, last } = await setup()
  answers.send(id(), 'm', { text: 'q' })
  at(0).options.onEvent({ type: 'text', text: 'half' })
  answers.stop(id())
  await settled()
  expect(last()).toMatchObject({ state: 'stopped', text: 'half' })
})

test('a failure is kept as the server told it, and a retry replaces it', async () => {
  const { answers, at, id, last, history } = await setup()
  answers.send(id(), 'm', { text: 'q' })
  at(0).fail(new Failure('The queue is full.', { status: 503, retryAfter: 2 }))
  await settled()
  expect(last()).toMatchObject({
    state: 'failed',
    failure: { message: 'The queue is full.', status: 503, retryAfter: 2 },
  })
  answers.retry(id(), 'm')
  expect(last().state).toBe('waiting')
  expect(history.shown.get().open.turns).toHaveLength(2)
})

test('an edited question drops what came after it', async () => {
  const { answers, at, id, history } = await setup()
  for (const [index, text] of ['one', 'two'].entries()) {
    answers.send(id(), 'm', { text })
    at(index).options.onEvent({ type: 'text', text: 'a' })
    at(index).options.onEvent({ type: 'done', finishReason: 'stop', metrics: undefined })
    at(index).end()
    await settled()
  }
  const [first] = history.shown.get().open.turns
  answers.edit(id(), 'm', first?.id ?? '', 'other')
  const turns = history.shown.get().open.turns
  expect(turns.map(({ text }) => text)).toEqual(['other', ''])
  expect(at(2).call?.body).toMatchObject({ messages: [{ role: 'user', content: 'other' }] })
})

test('going on writes after what is there', async () => {
  const { answers, at, id, last, history } = await setup()
  history.start('generate')
  answers.send(id(), 'm', { text: 'Once' })
  at(0).options.onEvent({ type: 'text', text: ' upon' })
  at(0).options.onEvent({ type: 'done', finishReason: 'length', metrics: undefined })
  at(0).end()
  await settled()
  answers.proceed(id(), 'm')
  expect(at(1).call?.body).toMatchObject({ prompt: 'Once upon' })
  at(1).options.onEvent({ type: 'started', stream: 't', model: 'm' })
  at(1).options.onEvent({ type: 'text', text: ' a time' })
  await settled()
  expect(last()).toMatchObject({ text: ' upon a time', state: 'writing' })
})

test('after a reload an answer goes on from its first event', async () => {
  const before = await setup()
  before.answers.send(before.id(), 'm', { text: 'q' })
  before.at(0).options.onEvent({ type: 'started', stream: 's', model: 'm' })
  before.at(0).options.onEvent({ type: 'text', text: 'half' })
  await settled()
  await before.history.flush()

  const page = await setup(before.shelf)
  page.history.open(page.history.entries.get()[0]?.id ?? '')
  page.answers.rejoin()
  expect(page.at(0)).toMatchObject({ way: 'sse', stream: 's' })
  page.at(0).options.onEvent({ type: 'started', stream: 's', model: 'm' })
  page.at(0).options.onEvent({ type: 'text', text: 'half and the rest' })
  await settled()
  expect(page.last().text).toBe('half and the rest')
})

test('after a reload an answer that has no stream is shown as cut off', async () => {
  const before = await setup()
  before.answers.send(before.id(), 'm', { text: 'q' })
  await before.history.flush()
  const page = await setup(before.shelf)
  page.history.open(page.history.entries.get()[0]?.id ?? '')
  page.answers.rejoin()
  expect(page.asked).toHaveLength(0)
  expect(page.last().state).toBe('failed')
})
