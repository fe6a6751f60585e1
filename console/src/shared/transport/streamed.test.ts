// The server here is a script: each request takes the next answer of a list.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createApi } from '@/shared/api/client'

import type { AnswerEvent, Call } from './answer'
import { answerBySse, resumeBySse } from './streamed'

type Answer = (request: Request) => Response | Promise<Response>

const CALL: Call & { kind: 'chat' } = { kind: 'chat', body: { model: 'm', messages: [] } }

function item(seq: number, text: string, more: object = {}) {
  const chunk = { id: 's', model: 'm', choices: [{ index: 0, delta: { content: text }, ...more }] }
  return `id: s:${seq}\ndata: ${JSON.stringify(chunk)}\n\n`
}

const END = 'data: [DONE]\n\n'

/** A body of these pieces; `broken` ends it as a lost connection does. */
function body(pieces: string[], broken = false): Answer {
  return () => {
    const encoder = new TextEncoder()
    const left = [...pieces]
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = left.shift()
        if (piece !== undefined) controller.enqueue(encoder.encode(piece))
        else if (broken) controller.error(new TypeError('network error'))
        else controller.close()
      },
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }
}

function refusal(status: number, said: object): Answer {
  return () => Response.json(said, { status, headers: { 'x-request-id': 'r1' } })
}

const down: Answer = () => Promise.reject(new TypeError('fetch failed'))

function server(...answers: Answer[]) {
  const requests: Request[] = []
  const api = createApi('http://busbar.test', (request) => {
    requests.push(request)
    const answer = answers.shift() ?? refusal(500, {})
    return Promise.resolve(answer(request))
  })
  const events: AnswerEvent[] = []
  const stop = new AbortController()
  const options = {
    signal: stop.signal,
    onEvent: (event: AnswerEvent) => void events.push(event),
    resumeSeconds: 30,
  }
  const seen = () =>
    events.map((event) => (event.type === 'text' ? event.text : event.type)).join(' ')
  return { api, requests, events, options, seen, stop }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function settle<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  await vi.runAllTimersAsync()
  return promise
}

test('an answer comes in pieces and ends with its figures', async () => {
  const busbar = { model: 'm', total_ms: 9, tokens_in: 1, tokens_cached: 0, tokens_out: 2 }
  const last = `id: s:3\ndata: ${JSON.stringify({ id: 's', choices: [{ delta: {}, finish_reason: 'length' }], busbar })}\n\n`
  const { api, events, requests, options } = server(body([item(1, 'a'), item(2, 'b'), last, END]))
  await settle(answerBySse(api, CALL, options))
  expect(events).toEqual([
    { type: 'started', stream: 's', model: 'm' },
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
    { type: 'done', finishReason: 'length', metrics: busbar },
  ])
  expect(requests[0]?.headers.get('x-busbar-resume')).toBe('30')
  expect(await requests[0]?.json()).toMatchObject({ stream: true })
})

test('a broken connection goes on after the last event', async () => {
  const { api, requests, options, seen } = server(
    body([item(1, 'a'), item(2, 'b')], true),
    down,
    body([item(3, 'c'), END]),
  )
  await settle(answerBySse(api, CALL, options))
  expect(seen()).toBe('started a b lost resumed c done')
  expect(requests[2]?.url).toBe('http://busbar.test/v1/streams/s')
  expect(requests[2]?.headers.get('last-event-id')).toBe('s:2')
})

test('a body that ends without its end is a broken connection too', async () => {
  const { api, options, seen } = server(body([item(1, 'a')]), body([item(2, 'b'), END]))
  await settle(answerBySse(api, CALL, options))
  expect(seen()).toBe('started a lost resumed b done')
})

test('a stream that the server no longer has ends the attempts', async () => {
  const gone = {
    title: 'Not found',
    detail: 'No such stream.',
    status: 404,
    code: 'stream_not_found',
  }
  const { api, requests, options } = server(body([item(1, 'a')], true), refusal(404, gone))
  await expect(settle(answerBySse(api, CALL, options))).rejects.toMatchObject({
    message: 'No such stream.',
    code: 'stream_not_found',
  })
  expect(requests).toHaveLength(2)
})

test('attempts end when the server keeps the stream no longer', async () => {
  const { api, options } = server(body([item(1, 'a')], true), ...Array<Answer>(99).fill(down))
  await expect(settle(answerBySse(api, CALL, options))).rejects.toMatchObject({
    code: 'connection_lost',
  })
})

test('without resuming, a broken connection is a failure', async () => {
  const { api, requests, options } = server(body([item(1, 'a')], true))
  const once = { ...options, resumeSeconds: 0 }
  await expect(settle(answerBySse(api, CALL, once))).rejects.toMatchObject({
    code: 'connection_lost',
  })
  expect(requests).toHaveLength(1)
})

test('a refusal carries what the server said', async () => {
  const error = { message: '`top_p` is too large', type: 'invalid_request_error', param: 'top_p' }
  const { api, options } = server(refusal(400, { error }))
  await expect(settle(answerBySse(api, CALL, options))).rejects.toMatchObject({
    message: '`top_p` is too large',
    status: 400,
    param: 'top_p',
    requestId: 'r1',
  })
})

test('an error inside the stream ends it', async () => {
  const late = `data: ${JSON.stringify({ error: { message: 'The deadline passed.' } })}\n\n`
  const { api, options, seen } = server(body([item(1, 'a'), late]))
  await expect(settle(answerBySse(api, CALL, options))).rejects.toThrow('The deadline passed.')
  expect(seen()).toBe('started a')
})

test('stopping cancels the stream that would outlive its connection', async () => {
  const endless: Answer = (request) => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(item(1, 'a')))
        request.signal.addEventListener('abort', () => controller.error(request.signal.reason))
      },
    })
    return new Response(stream)
  }
  const cancelled: Answer = () => new Response(null, { status: 204 })
  const { api, requests, options, stop, seen } = server(endless, cancelled)
  const answer = answerBySse(api, CALL, options)
  answer.catch(() => undefined)
  await vi.waitFor(() => expect(seen()).toBe('started a'))
  stop.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  expect(requests[1]).toMatchObject({ method: 'DELETE', url: 'http://busbar.test/v1/streams/s' })
})

test('a stream of an earlier page comes from its first event', async () => {
  const { api, requests, options, seen } = server(body([item(1, 'a'), item(2, 'b'), END]))
  await settle(resumeBySse(api, 's', options))
  expect(seen()).toBe('started a b done')
  expect(requests[0]?.headers.get('last-event-id')).toBe('s:0')
})
