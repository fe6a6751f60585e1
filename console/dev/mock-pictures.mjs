// The stand-in's pictures: jobs that take their time, drawings in the place of what a model would make,
// and labels that are made up. A prompt can ask for trouble: [[fail]] fails at half way, [[retry]] loses
// its first worker.

import { randomUUID } from 'node:crypto'
import { deflateSync } from 'node:zlib'

const STEP_MS = Number(process.env.STEP_MS ?? 350)

const jobs = new Map()
const keys = new Map()
const files = new Map()
let working = false

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const at = () => new Date().toISOString()

/** A PNG of `size` by `size` pixels; `colour` gives red, green and blue of a place from 0 to 1. */
function png(size, colour) {
  const rows = Buffer.alloc(size * (size * 3 + 1))
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const place = y * (size * 3 + 1) + 1 + x * 3
      colour(x / size, y / size).forEach((part, index) => {
        rows[place + index] = Math.max(0, Math.min(255, part))
      })
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const parts = [
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([signature, ...parts])
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

function crc(bytes) {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  return (sum ^ 0xffffffff) >>> 0
}

/** A face whose colour, eyes and mouth come from the seed; `noise` from 1 to 0 is what hides it. */
function face(size, seed, noise) {
  const hue = (shift) => 128 + 110 * Math.sin(seed * 1.7 + shift)
  const skin = [hue(0), hue(2.1), hue(4.2)]
  const back = [hue(3), hue(5.1), hue(1.2)].map((part) => 200 + part / 5)
  const eyes = 0.1 + (seed % 5) * 0.02
  const bend = 0.1 + (seed % 7) * 0.03
  return png(size, (x, y) => {
    const [dx, dy] = [x - 0.5, y - 0.5]
    const inside = dx * dx + dy * dy < 0.15
    const eye = Math.hypot(Math.abs(dx) - eyes - 0.04, dy + 0.08) < 0.045
    const mouth = Math.abs(dy - 0.16 + (dx * dx * bend) / 0.04) < 0.018 && Math.abs(dx) < 0.17
    const drawn = eye || mouth ? [35, 30, 28] : inside ? skin : back
    return drawn.map((part) => part * (1 - noise) + Math.random() * 255 * noise)
  })
}

function keep(id, bytes) {
  const name = `${id}/${randomUUID()}.png`
  files.set(name, bytes)
  return name
}

function view(job, list = false) {
  const waiting = [...jobs.values()].filter(({ state }) => state === 'queued')
  const seen = { ...job }
  for (const own of ['history', 'stop', 'seq']) delete seen[own]
  const position = waiting.findIndex(({ id }) => id === job.id) + 1
  return { ...seen, ...(job.state === 'queued' && !list && { position }) }
}

function happen(job, event, about = {}) {
  const last = ['succeeded', 'failed', 'cancelled'].includes(event)
  if (event === 'progress') job.history = job.history.filter((one) => one.event !== 'progress')
  job.seq += 1
  job.history.push({ seq: job.seq, at: at(), event, ...about, ...(last && { job: view(job) }) })
}

async function work(base) {
  if (working) return
  working = true
  for (;;) {
    const job = [...jobs.values()].find(({ state }) => state === 'queued')
    if (!job) break
    await make(job, base)
  }
  working = false
}

async function make(job, base) {
  const { recipe } = job
  const count = recipe.count
  const steps = recipe.steps ?? 20
  const first = recipe.seed ?? Math.floor(Math.random() * 2 ** 32)
  job.attempts += 1
  job.state = 'running'
  job.started_at ??= at()
  happen(job, 'started', { attempt: job.attempts })
  await pause(STEP_MS * 2)
  for (let step = 1; step <= steps * count; step += 1) {
    if (job.stop) return end(job, 'cancelled')
    if (recipe.prompt.includes('[[retry]]') && job.attempts === 1 && step === 4) {
      const error = { attempt: 1, message: 'its worker was lost', code: 'worker_lost', at: at() }
      job.faults.push(error)
      job.state = 'queued'
      delete job.progress
      return happen(job, 'retrying', { error })
    }
    if (recipe.prompt.includes('[[fail]]') && step > steps / 2) {
      const message = 'the picture cannot be written: the disk is full'
      job.error = { attempt: job.attempts, message, code: 'storage_full', at: at() }
      return end(job, 'failed')
    }
    const done = (step % steps) / steps
    const sketch = keep(job.id, face(32, first + Math.floor((step - 1) / steps), 0.9 * (1 - done)))
    job.progress = {
      step,
      of: steps * count,
      percent: Math.floor((step / (steps * count)) * 100),
      seconds_per_step: STEP_MS / 1000,
      eta_seconds: ((steps * count - step) * STEP_MS) / 1000,
      preview_url: `${base}/v1/images/files/${sketch}?expires=1&key=k&signature=s`,
      stopping: false,
    }
    happen(job, 'progress', { progress: job.progress })
    await pause(STEP_MS)
  }
  job.pictures = Array.from({ length: count }, (_, index) => {
    const seed = first + index
    const bytes = face(recipe.width ?? 256, seed, 0.03)
    const url = `${base}/v1/images/files/${keep(job.id, bytes)}?expires=1&key=k&signature=s`
    const own = {
      width: 256,
      height: 256,
      guidance: 7.5,
      scheduler: 'ddim',
      ...recipe,
      steps,
      seed,
    }
    return {
      url,
      urls_expire_at: at(),
      content_type: 'image/png',
      bytes: bytes.length,
      recipe: { ...own, count: 1 },
    }
  })
  end(job, 'succeeded')
}

function end(job, state) {
  job.state = state
  job.finished_at = at()
  delete job.progress
  happen(job, state)
}

function refused({ prompt, steps, width }) {
  if (!prompt?.trim()) return ['prompt', '`prompt` must not be empty']
  if (steps > 500) return ['steps', `\`steps\` must be 1 to 500, not ${steps}`]
  if (width % 8) return ['width', `\`width\` must be a multiple of 8 from 64 to 2048, not ${width}`]
  return undefined
}

function submit(body, key, base) {
  if (keys.has(key)) return jobs.get(keys.get(key))
  const { negative_prompt, image, ...asked } = body
  delete asked.preview_every
  const recipe = { count: 1, format: 'png', ...asked, ...(negative_prompt && { negative_prompt }) }
  if (!image) delete recipe.strength
  const job = {
    id: randomUUID(),
    object: 'image.job',
    state: 'queued',
    created_at: at(),
    expires_at: at(),
    attempts: 0,
    recipe,
    pictures: [],
    faults: [],
    history: [],
    seq: 0,
    stop: false,
  }
  jobs.set(job.id, job)
  if (key) keys.set(key, job.id)
  happen(job, 'queued')
  void work(base)
  return job
}

async function watch(request, response, job) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let seen = Number((request.headers['last-event-id'] ?? ':0').split(':').at(-1))
  let gone = false
  response.on('close', () => (gone = true))
  while (!gone) {
    for (const event of job.history.filter(({ seq }) => seq > seen)) {
      seen = event.seq
      response.write(
        `id: ${job.id}:${seen}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`,
      )
      if (event.job) return response.end()
    }
    await pause(100)
  }
}

/** Answers what is about pictures; says whether it was. */
export async function pictures(request, response, { json, problem, bodyOf }) {
  const { pathname, host } = new URL(request.url, `http://${request.headers.host}`)
  const base = `http://${host}`
  const asked = `${request.method} ${pathname}`
  if (asked === 'POST /v1/images/jobs') {
    const body = await bodyOf(request)
    const wrong = refused(body)
    if (wrong) {
      const [param, detail] = wrong
      json(response, 400, {
        title: 'Bad Request',
        status: 400,
        detail,
        param,
        request_id: 'req-mock',
      })
    } else json(response, 202, view(submit(body, request.headers['idempotency-key'], base)))
    return true
  }
  if (asked === 'GET /v1/images/jobs') {
    const data = [...jobs.values()].toReversed().map((job) => view(job, true))
    json(response, 200, { object: 'list', data })
    return true
  }
  if (asked === 'POST /predict' || pathname === '/predict') {
    await predict(request, response, json)
    return true
  }
  if (pathname.startsWith('/v1/images/files/')) {
    const bytes = files.get(pathname.slice('/v1/images/files/'.length))
    if (!bytes) problem(response, 404, 'There is no such file.')
    else response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)
    return true
  }
  const [, id, rest] = /^\/v1\/images\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? []
  if (!id) return false
  const job = jobs.get(id)
  if (!job) problem(response, 404, 'There is no such job.', 'job_not_found')
  else if (rest === 'events') await watch(request, response, job)
  else if (request.method === 'DELETE') {
    jobs.delete(id)
    response.writeHead(204).end()
  } else if (rest === 'cancel') {
    job.stop = true
    if (job.state === 'queued') end(job, 'cancelled')
    else if (job.progress) job.progress.stopping = true
    json(response, 202, view(job))
  } else json(response, 200, view(job))
  return true
}

async function predict(request, response, json) {
  const parts = []
  for await (const part of request) parts.push(part)
  const length = Buffer.concat(parts).length
  await pause(400)
  if (length < 200 && !request.headers['content-type']?.includes('json')) {
    const detail = 'the picture is cut off: the file ends before its last line'
    json(response, 400, { title: 'Bad Request', status: 400, detail, param: 'image' })
    return
  }
  const labels = [
    ['Egyptian cat', 0.516],
    ['tiger cat', 0.16],
    ['tabby, a cat with a coat of stripes, dots or swirls', 0.154],
    ['lynx', 0.021],
    ['computer keyboard', 0.012],
    ['mouse', 0.008],
  ]
  json(response, 200, {
    model: 'efficientnet-lite0',
    version: '1',
    predictions: labels.map(([label, score], index) => ({ label, score, index })),
    timings_ms: { fetch: 0, decode: 2, preprocess: 1, queue: 0, inference: 9.3, total: 13.1 },
  })
}
