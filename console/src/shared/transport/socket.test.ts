// The other end here is played by the test: it sees what was sent and says what comes back.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { AnswerEvent } from './answer'
import { SocketClient, type Socket } from './socket'

const BODY = { model: 'm', messages: [] }

class FakeSocket implements Socket {
  readyState = 1
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null
  sent: Record<string, unknown>[] = []
  closed = false

  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close() {
    this.closed = true
  }

  say(frame: object) {
    const message = { data: JSON.stringify(frame) } as MessageEvent
    this.onmessage?.call(this as unknown as WebSocket, message)
  }

  ready() {
    this.say({ type: 'ready', heartbeat_ms: 20_000 })
  }

  break() {
    this.onclose?.call(this as unknown as WebSocket, {} as CloseEvent)
  }
}

function setup() {
  const sockets: FakeSocket[] = []
  const client = new SocketClient(() => {
    const socket = new FakeSocket()
    sockets.push(socket)
    return socket
  })
  const at = (index: number) => {
    const socket = sockets[index]
    if (!socket) throw new Error(`no socket ${index}`)
    return socket
  }
  return { client, sockets, at }
}

function listener(resumeSeconds = 30) {
  const events: AnswerEvent[] = []
  const stop = new AbortController()
  const seen = () =>
    events.map((event) => (event.type === 'text' ? event.text : event.type)).join(' ')
  const onEvent = (event: AnswerEvent) => void events.push(event)
  return { options: { signal: stop.signal, onEvent, resumeSeconds }, stop, seen, events }
}

function chunk(id: string, seq: number, text: string) {
  return { type: 'chunk', id, seq, data: { choices: [{ delta: { content: text } }] } }
}

function done(id: string, seq: number) {
  return { type: 'done', id, seq, finish_reason: 'stop', metrics: { model: 'm', total_ms: 1 } }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a question waits for the server to be ready', async () => {
  const { client, at } = setup()
  const { options, seen } = listener()
  const answer = client.chat(BODY, options)
  expect(at(0).sent).toEqual([])
  at(0).ready()
  expect(at(0).sent).toEqual([{ type: 'chat', id: 'a1', body: BODY, resume: 30 }])
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  at(0).say(chunk('a1', 1, 'x'))
  at(0).say(done('a1', 2))
  await answer
  expect(seen()).toBe('started x done')
})

test('answers on one connection do not mix', async () => {
  const { client, sockets, at } = setup()
  const [one, two] = [listener(), listener()]
  const both = [client.chat(BODY, one.options), client.chat(BODY, two.options)]
  at(0).ready()
  at(0).say(chunk('a2', 1, 'x'))
  at(0).say(chunk('a1', 1, 'y'))
  at(0).say(done('a2', 2))
  at(0).say(done('a1', 2))
  await Promise.all(both)
  expect(sockets).toHaveLength(1)
  expect([one.seen(), two.seen()]).toEqual(['started y done', 'started x done'])
})

test('a broken connection goes on after the last chunk, and what comes twice counts once', async () => {
  const { client, at } = setup()
  const { options, seen } = listener()
  const answer = client.chat(BODY, options)
  at(0).ready()
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  at(0).say(chunk('a1', 1, 'x'))
  at(0).say(chunk('a1', 2, 'y'))
  at(0).break()
  await vi.advanceTimersByTimeAsync(1000)
  at(1).ready()
  expect(at(1).sent).toEqual([{ type: 'resume', id: 'a1', stream: 's', after: 2 }])
  at(1).say(chunk('a1', 2, 'y'))
  at(1).say(chunk('a1', 3, 'z'))
  at(1).say(done('a1', 4))
  await answer
  expect(seen()).toBe('started x y lost resumed z done')
})

test('a question that was not begun is asked once more, and no more than that', async () => {
  const { client, sockets, at } = setup()
  const { options } = listener()
  const answer = client.chat(BODY, options)
  answer.catch(() => undefined)
  at(0).ready()
  at(0).break()
  await vi.advanceTimersByTimeAsync(1000)
  at(1).ready()
  expect(at(1).sent).toMatchObject([{ type: 'chat', id: 'a1' }])
  at(1).break()
  await expect(answer).rejects.toMatchObject({ code: 'connection_lost' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sockets).toHaveLength(2)
})

test('a server that is down is told so', async () => {
  const { client, at } = setup()
  const answer = client.chat(BODY, listener().options)
  answer.catch(() => undefined)
  at(0).break()
  await vi.advanceTimersByTimeAsync(1000)
  at(1).break()
  await expect(answer).rejects.toMatchObject({ code: 'unreachable' })
})

test('attempts end when the server keeps the stream no longer', async () => {
  const { client, sockets, at } = setup()
  const answer = client.chat(BODY, listener(5).options)
  answer.catch(() => undefined)
  at(0).ready()
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  at(0).break()
  for (let round = 1; round < 20; round += 1) {
    await vi.advanceTimersByTimeAsync(2500)
    sockets[round]?.break()
  }
  await expect(answer).rejects.toMatchObject({ code: 'connection_lost' })
  const tried = sockets.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sockets).toHaveLength(tried)
})

test('without resuming, a broken connection is a failure at once', async () => {
  const { client, sockets, at } = setup()
  const answer = client.chat(BODY, listener(0).options)
  answer.catch(() => undefined)
  at(0).ready()
  expect(at(0).sent[0]).not.toHaveProperty('resume')
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  at(0).break()
  await expect(answer).rejects.toMatchObject({ code: 'connection_lost' })
  expect(sockets).toHaveLength(1)
})

test('stopping sends a cancel, and what comes after it is not told', async () => {
  const { client, at } = setup()
  const { options, stop, seen } = listener()
  const answer = client.chat(BODY, options)
  answer.catch(() => undefined)
  at(0).ready()
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  stop.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  expect(at(0).sent[1]).toEqual({ type: 'cancel', id: 'a1' })
  at(0).say(chunk('a1', 1, 'late'))
  expect(seen()).toBe('started')
})

test('an error frame fails its own answer and no other', async () => {
  const { client, at } = setup()
  const [one, two] = [listener(), listener()]
  const first = client.chat(BODY, one.options)
  const second = client.chat(BODY, two.options)
  at(0).ready()
  const error = { message: '`top_p` is too large', param: 'top_p' }
  at(0).say({ type: 'error', id: 'a1', status: 400, error })
  await expect(first).rejects.toMatchObject({ message: error.message, status: 400, param: 'top_p' })
  at(0).say(done('a2', 1))
  await second
})

test('a question that was not understood fails, and one that was begun goes on', async () => {
  const { client, at } = setup()
  const begun = client.chat(BODY, listener().options)
  const odd = client.chat(BODY, listener().options)
  at(0).ready()
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  at(0).say({ type: 'error', id: null, status: 400, error: { message: 'No `type`.' } })
  await expect(odd).rejects.toThrow('No `type`.')
  at(0).say(done('a1', 1))
  await begun
})

test('a connection that is silent while an answer is awaited is asked, then given up', async () => {
  const { client, sockets, at } = setup()
  const answer = client.chat(BODY, listener().options)
  at(0).ready()
  at(0).say({ type: 'started', id: 'a1', stream: 's', model: 'm' })
  await vi.advanceTimersByTimeAsync(20_000)
  expect(at(0).sent[1]).toMatchObject({ type: 'ping' })
  await vi.advanceTimersByTimeAsync(21_000)
  expect(at(0).closed).toBe(true)
  expect(sockets).toHaveLength(2)
  at(1).ready()
  at(1).say(done('a1', 1))
  await answer
})

test('a stream of an earlier page comes from its first event', async () => {
  const { client, at } = setup()
  const { options, seen } = listener()
  const answer = client.resume('s', options)
  at(0).ready()
  expect(at(0).sent).toEqual([{ type: 'resume', id: 'a1', stream: 's', after: 0 }])
  at(0).say(chunk('a1', 1, 'x'))
  at(0).say(done('a1', 2))
  await answer
  expect(seen()).toBe('started x done')
})

test('frames that are none are passed over', async () => {
  const { client, at } = setup()
  const answer = client.chat(BODY, listener().options)
  at(0).ready()
  const odd = { data: 'no json' } as MessageEvent
  at(0).onmessage?.call(at(0) as unknown as WebSocket, odd)
  at(0).say({ type: 'novelty', id: 'a1' })
  at(0).say(done('a1', 1))
  await answer
})
