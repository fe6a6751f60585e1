// A stand-in for the server while the console is worked on: it speaks docs/protocol.md with canned
// words and serves the built console under the server's content security policy. Never shipped.
//
// A prompt can ask for trouble: [[drop]] breaks the connection after 12 pieces, [[error]] is refused,
// [[busy]] meets a full queue, [[late]] fails after 12 pieces, [[code]] answers with Markdown.

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

import { WebSocketServer } from 'ws'

import { pictures } from './mock-pictures.mjs'
import { answerText, MARKDOWN } from './mock-words.mjs'

const PORT = Number(process.env.PORT ?? 8080)
const PACE_MS = Number(process.env.PACE_MS ?? 16)
const LOADING_MS = Number(process.env.LOADING_MS ?? 0)
const MODEL = 'smollm2-135m-instruct'
const DIST = fileURLToPath(new URL('../dist', import.meta.url))
// The same as in crates/server/src/layers/headers.rs.
const CSP =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "img-src 'self' data: blob:; object-src 'none'"
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

const started = Date.now()
const streams = new Map()

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** One answer: its events are kept, and whoever follows gets those that it has not seen. */
class Stream {
  constructor(body, kind) {
    this.id = `chatcmpl-${randomBytes(16).toString('hex')}`
    this.kind = kind
    this.body = body
    this.events = []
    this.followers = new Set()
    this.cancelled = false
    this.ended = false
    streams.set(this.id, this)
    void this.write()
  }

  add(event) {
    this.events.push(event)
    for (const follower of this.followers) follower(event)
  }

  async write() {
    const at = performance.now()
    const prompt = promptOf(this.body)
    const words = prompt.includes('[[code]]') ? MARKDOWN : answerText(prompt, this.body.seed)
    const pieces = words.match(/\s*\S+|\s+$/g).slice(0, this.body.max_tokens ?? 400)
    const tokensIn = Math.ceil(prompt.length / 4) + 8
    await pause(30 + tokensIn / 10)
    let first
    for (const [index, piece] of pieces.entries()) {
      if (this.cancelled) break
      first ??= performance.now() - at
      this.chunk({ text: index === 0 ? piece.trimStart() : piece })
      if (prompt.includes('[[late]]') && index === 12) {
        this.add({ error: { message: 'The deadline passed.', type: 'timeout' } })
        this.ended = true
        return
      }
      await pause(PACE_MS * (0.7 + Math.random() * 0.6))
    }
    const total = performance.now() - at
    const out = pieces.length
    this.busbar = {
      model: this.body.model,
      first_chunk_ms: first,
      total_ms: total,
      tokens_per_second: ((out - 1) / (total - first)) * 1000,
      tokens_in: tokensIn,
      tokens_cached: Math.floor(tokensIn / 3),
      tokens_out: out,
    }
    const limited = this.body.max_tokens && out >= this.body.max_tokens
    this.finish = this.cancelled ? 'cancelled' : limited ? 'length' : 'stop'
    this.chunk({ text: '', finish: this.finish, busbar: this.busbar })
    this.ended = true
    this.add(undefined)
  }

  chunk({ text, finish = null, busbar }) {
    const chat = this.kind === 'chat'
    const said = chat ? { delta: text ? { content: text } : {} } : { text }
    this.add({
      id: this.id,
      object: chat ? 'chat.completion.chunk' : 'text_completion',
      created: 1,
      model: this.body.model,
      choices: [{ index: 0, ...said, finish_reason: finish }],
      ...(busbar && { busbar }),
    })
  }

  text() {
    const said = (event) => event?.choices?.[0]?.delta?.content ?? event?.choices?.[0]?.text ?? ''
    return this.events.map(said).join('')
  }

  follow(after, follower) {
    this.events.slice(after).forEach((event, index) => follower(event, after + index + 1))
    let seq = this.events.length
    const live = (event) => follower(event, (seq += 1))
    if (!this.ended) this.followers.add(live)
    return () => this.followers.delete(live)
  }

  whole() {
    if (this.ended) return Promise.resolve()
    return new Promise((resolve) => {
      const live = () => {
        if (!this.ended) return
        this.followers.delete(live)
        resolve()
      }
      this.followers.add(live)
    })
  }
}

function promptOf(body) {
  return body.messages
    ? body.messages.map(({ content }) => content).join('\n')
    : (body.prompt ?? '')
}

function refusal(body) {
  const prompt = promptOf(body)
  if (body.model !== MODEL && body.model !== 'gemma-3-270m') {
    const message = `There is no model \`${body.model}\`. There are: ${MODEL}, gemma-3-270m.`
    return [
      404,
      { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    ]
  }
  if (prompt.includes('[[error]]') || prompt.length > 30_000) {
    const tokens = Math.ceil(prompt.length / 4)
    const message = `The prompt has ${tokens} tokens; the context window of ${body.model} holds 2048.`
    return [
      400,
      {
        message,
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    ]
  }
  if (prompt.includes('[[busy]]')) {
    return [503, { message: 'The queue is full: 64 requests wait already.', type: 'overloaded' }]
  }
  return undefined
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function problem(response, status, title, code) {
  const body = { type: 'about:blank', title, status, detail: title, code, request_id: 'req-mock' }
  json(response, status, body, { 'content-type': 'application/problem+json' })
}

function sse(response, stream, after) {
  const prompt = promptOf(stream.body)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let sent = 0
  const leave = stream.follow(after, (event, seq) => {
    if (event === undefined) {
      response.end('data: [DONE]\n\n')
      return
    }
    response.write(`id: ${stream.id}:${seq}\ndata: ${JSON.stringify(event)}\n\n`)
    sent += 1
    if (event.error) response.end()
    if (prompt.includes('[[drop]]') && after === 0 && sent === 12) response.destroy()
  })
  return leave
}

async function answer(request, response, kind) {
  const body = await bodyOf(request)
  const refused = refusal(body)
  if (refused) {
    const headers = {
      'x-request-id': 'req-mock',
      ...(refused[0] === 503 && { 'retry-after': '2' }),
    }
    json(response, refused[0], { error: refused[1] }, headers)
    return
  }
  const stream = new Stream(body, kind)
  if (!body.stream) {
    response.on('close', () => (stream.cancelled = true))
    await stream.whole()
    const text = stream.text()
    const chat = kind === 'chat'
    const said = chat ? { message: { role: 'assistant', content: text } } : { text }
    json(response, 200, {
      id: stream.id,
      object: chat ? 'chat.completion' : 'text_completion',
      created: 1,
      model: body.model,
      choices: [{ index: 0, ...said, finish_reason: stream.finish }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      busbar: stream.busbar,
    })
    return
  }
  const leave = sse(response, stream, 0)
  response.on('close', () => {
    leave()
    if (!request.headers['x-busbar-resume']) stream.cancelled = true
  })
}

async function summarise(request, response) {
  const body = await bodyOf(request)
  const total = Math.max(1, Math.ceil(body.text.length / 1500))
  const at = performance.now()
  const words = answerText('', 3).split(' ').slice(0, 60)
  const event = (name, data) =>
    body.stream && response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  if (body.stream) response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let done = 0; total > 1 && done <= total; done += 1) {
    event('progress', { stage: 'map', done, total })
    await pause(PACE_MS * 20)
  }
  for (const word of words) {
    event('delta', { text: `${word} ` })
    await pause(PACE_MS)
  }
  const whole = {
    id: 'sum-1',
    object: 'summary',
    created: 1,
    model: body.model,
    summary: words.join(' '),
    parts: total,
    rounds: total > 1 ? 2 : 1,
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    busbar: {
      model: body.model,
      first_chunk_ms: 40,
      total_ms: performance.now() - at,
      tokens_per_second: 60,
      tokens_in: Math.ceil(body.text.length / 4),
      tokens_cached: 0,
      tokens_out: words.length,
    },
  }
  event('done', whole)
  if (body.stream) response.end()
  else json(response, 200, whole)
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString())
}

async function file(response, path) {
  const name = normalize(path === '/' ? '/index.html' : path)
  try {
    const content = await readFile(join(DIST, name))
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'content-security-policy': CSP })
    response.end(content)
  } catch {
    problem(response, 404, 'There is nothing here.')
  }
}

async function route(request, response) {
  const { pathname } = new URL(request.url, 'http://mock')
  const asked = `${request.method} ${pathname}`
  if (asked === 'POST /v1/chat/completions') return answer(request, response, 'chat')
  if (asked === 'POST /v1/completions') return answer(request, response, 'generate')
  if (asked === 'POST /v1/summaries') return summarise(request, response)
  if (await pictures(request, response, { json, problem, bodyOf })) return undefined
  if (asked === 'GET /readyz') {
    if (Date.now() - started >= LOADING_MS) return json(response, 200, { status: 'ready' })
    return problem(response, 503, 'The model is loading.', 'loading')
  }
  if (asked === 'GET /v1/models') {
    const model = { object: 'model', created: 1, owned_by: 'busbar', tasks: ['chat'], licence: 'x' }
    const size = { context_window: 2048, max_output: 2048, structured_output: true, tools: false }
    const data = [
      { id: MODEL, title: 'SmolLM2 135M Instruct', chat: true, default: true, ...model, ...size },
      {
        id: 'emoji-diffusion',
        title: 'Emoji Diffusion',
        ...model,
        tasks: ['image'],
        chat: false,
        default: false,
      },
      {
        id: 'efficientnet-lite0',
        title: 'EfficientNet-Lite0',
        ...model,
        tasks: ['classify'],
        chat: false,
        default: false,
      },
      { id: 'gemma-3-270m', title: 'Gemma 3 270M', chat: false, default: false, ...model, ...size },
    ]
    return json(response, 200, { object: 'list', data })
  }
  if (pathname.startsWith('/v1/streams/')) {
    const stream = streams.get(pathname.slice('/v1/streams/'.length))
    if (!stream) return problem(response, 404, 'There is no such stream.', 'stream_not_found')
    if (request.method === 'DELETE') {
      stream.cancelled = true
      return response.writeHead(204).end()
    }
    const after = Number(request.headers['last-event-id'].split(':').at(-1))
    return response.on('close', sse(response, stream, after))
  }
  return file(response, pathname)
}

const server = createServer((request, response) => {
  route(request, response).catch((fault) => {
    console.error(fault)
    if (!response.headersSent) problem(response, 500, String(fault))
  })
})

function serveSocket(socket) {
  const say = (frame) => socket.send(JSON.stringify(frame))
  const flights = new Map()
  let sent = 0

  function follow(id, stream, after) {
    flights.set(id, stream)
    stream.follow(after, (data, seq) => {
      if (data?.error) say({ type: 'error', id, seq, status: 504, error: data.error })
      else if (data) say({ type: 'chunk', id, seq, data })
      else say({ type: 'done', id, seq, finish_reason: stream.finish, metrics: stream.busbar })
      sent += 1
      if (promptOf(stream.body).includes('[[drop]]') && after === 0 && sent === 12)
        socket.terminate()
    })
  }

  say({ type: 'ready', heartbeat_ms: 20_000, idle_timeout_ms: 600_000, max_in_flight: 16 })
  socket.on('message', (text) => {
    const frame = JSON.parse(text)
    if (frame.type === 'ping') say({ type: 'pong', at: frame.at })
    if (frame.type === 'cancel' && flights.has(frame.id)) flights.get(frame.id).cancelled = true
    if (frame.type === 'chat') {
      const refused = refusal(frame.body)
      if (refused) {
        say({ type: 'error', id: frame.id, status: refused[0], error: refused[1] })
        return
      }
      const stream = new Stream(frame.body, 'chat')
      say({ type: 'started', id: frame.id, stream: stream.id, model: frame.body.model })
      follow(frame.id, stream, 0)
    }
    if (frame.type === 'resume') {
      const stream = streams.get(frame.stream)
      if (stream) follow(frame.id, stream, frame.after)
      else say({ type: 'error', id: frame.id, status: 404, error: { message: 'No such stream.' } })
    }
  })
}

const sockets = new WebSocketServer({ server, path: '/v1/ws' })
sockets.on('connection', serveSocket)
server.listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
