// Image jobs that a test leads by the hand: a job waits, runs and ends when the test says so. What a page
// asks is answered here instead of by the server, in the server's words.

import { readFile } from 'node:fs/promises'

const PNG = new URL('../../fixtures/vision/cut-97x61-bicubic.png', import.meta.url)
const MODEL = 'test-diffusion'

/** A page's image jobs. Ask for it before the page shows them. */
export async function imageJobs(page) {
  const jobs = new ImageJobs(await readFile(PNG))
  await page.route('**/v1/models', async (route) => {
    const answer = await route.fetch()
    const list = await answer.json()
    const [any] = list.data
    list.data = list.data.filter(({ tasks }) => !tasks.includes('image'))
    list.data.push({ ...any, id: MODEL, title: 'Test Diffusion', tasks: ['image'], default: false })
    await route.fulfill({ response: answer, json: list })
  })
  await page.route(/\/v1\/images\//, (route) => jobs.answer(route))
  await page.goto(new URL('/#/images', page.url()).href)
  await page.reload()
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor()
  return jobs
}

class ImageJobs {
  /** Newest first. */
  all = []
  /** Bodies of requests that made jobs, with their keys. */
  submitted = []
  removed = []
  /** `[status, problem]` for the next submission; `lost`: it is taken, and the answer is not. */
  next
  count = 0

  constructor(png) {
    this.png = png
  }

  get latest() {
    return this.all[0]
  }

  add(recipe, about = {}) {
    this.count += 1
    const job = {
      id: `00000000-0000-4000-8000-${String(this.count).padStart(12, '0')}`,
      object: 'image.job',
      state: 'queued',
      created_at: new Date(1.7e12 + this.count * 1000).toISOString(),
      expires_at: new Date(1.8e12).toISOString(),
      attempts: 0,
      position: 1,
      recipe: { model: MODEL, count: 1, format: 'png', ...recipe },
      pictures: [],
      events: [],
      ...about,
    }
    this.all.unshift(job)
    this.happen(job, 'queued')
    return job
  }

  happen(job, event, about = {}) {
    job.events.push({ seq: job.events.length + 1, at: job.created_at, event, ...about })
  }

  run(job, step, of, about = {}) {
    if (job.state === 'queued') this.happen(job, 'started', { attempt: (job.attempts += 1) })
    job.state = 'running'
    delete job.position
    const percent = Math.floor((step / of) * 100)
    const preview_url = this.file(job, 'preview')
    job.progress = { step, of, percent, stopping: false, preview_url, ...about }
    this.happen(job, 'progress', { progress: job.progress })
  }

  succeed(job, ...seeds) {
    job.pictures = seeds.map((seed) => ({
      url: this.file(job, seed),
      urls_expire_at: job.expires_at,
      content_type: 'image/png',
      bytes: this.png.length,
      recipe: { ...FULL, ...job.recipe, seed, count: 1 },
    }))
    this.end(job, 'succeeded')
  }

  fail(job, message, code) {
    job.error = { attempt: 3, message, code, at: job.created_at }
    job.attempts = 3
    this.end(job, 'failed')
  }

  end(job, state) {
    Object.assign(job, { state, finished_at: job.created_at })
    delete job.progress
    delete job.position
    this.happen(job, state, { job: view(job) })
  }

  file(job, name) {
    return `http://elsewhere.test/v1/images/files/${job.id}/${name}.png?expires=1&key=k&signature=s`
  }

  async answer(route) {
    const request = route.request()
    const { pathname, searchParams } = new URL(request.url())
    const [, id, rest] = /\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? []
    if (pathname.includes('/files/'))
      return route.fulfill({ body: this.png, contentType: 'image/png' })
    if (!id && request.method() === 'POST') return this.submit(route)
    if (!id) return this.list(route, Number(searchParams.get('limit')), searchParams.get('after'))
    const job = this.all.find((one) => one.id === id)
    if (!job) {
      const problem = { title: 'Not Found', status: 404, code: 'job_not_found' }
      return route.fulfill({ status: 404, json: problem })
    }
    if (rest === 'events') return this.events(route, job)
    if (rest === 'cancel') return this.cancel(route, job)
    if (request.method() === 'DELETE') {
      this.removed.push(id)
      this.all = this.all.filter((one) => one !== job)
      return route.fulfill({ status: 204 })
    }
    return route.fulfill({ json: view(job) })
  }

  submit(route) {
    const body = route.request().postDataJSON()
    const key = route.request().headers()['idempotency-key']
    const [status, problem] = Array.isArray(this.next) ? this.next : []
    const lost = this.next === 'lost'
    this.next = undefined
    if (problem) return route.fulfill({ status, json: { status, ...problem } })
    const before = this.submitted.findIndex((one) => one.key === key)
    this.submitted.push({ key, body })
    const { image, strength, preview_every, ...recipe } = body
    const about = { ...recipe, ...(image && { strength }) }
    if (before < 0) this.add(about)
    if (lost) return route.abort('connectionreset')
    return route.fulfill({ status: 202, json: view(this.latest) })
  }

  list(route, limit, after) {
    const from = after ? Number(after) : 0
    const data = this.all.slice(from, from + limit).map(view)
    const next = from + limit < this.all.length ? { next: String(from + limit) } : {}
    return route.fulfill({ json: { object: 'list', data, ...next } })
  }

  /** A connection that tells what there is and breaks: pages go on after what they saw. */
  events(route, job) {
    const seen = Number((route.request().headers()['last-event-id'] ?? ':0').split(':').at(-1))
    const lines = job.events
      .filter(({ seq }) => seq > seen)
      .map(
        (one) => `id: ${job.id}:${one.seq}\nevent: ${one.event}\ndata: ${JSON.stringify(one)}\n\n`,
      )
    return route.fulfill({ contentType: 'text/event-stream', body: lines.join('') })
  }

  cancel(route, job) {
    if (job.state === 'queued') this.end(job, 'cancelled')
    else job.progress = { ...job.progress, stopping: true }
    return route.fulfill({ status: 202, json: view(job) })
  }
}

const FULL = { width: 64, height: 64, steps: 20, guidance: 7.5, scheduler: 'ddim' }

function view({ events, ...job }) {
  return structuredClone(job)
}
