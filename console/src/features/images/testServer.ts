// A server of image jobs for tests: answers by method and path, and keeps what was asked.

import { createApi, type Api } from '@/shared/api/client'
import { aborted } from '@/shared/api/failure'

type Answer = Response | Error | ((request: Request) => Response)

export interface TestServer {
  api: Api
  /** `METHOD path?query`, in order. */
  asked: string[]
  requests: Request[]
  /** What is answered next at `METHOD path`; the last answer stays. */
  on: (what: string, ...answers: Answer[]) => void
}

export function testServer(): TestServer {
  const answers = new Map<string, Answer[]>()
  const asked: string[] = []
  const requests: Request[] = []
  function answer(request: Request): Response {
    const { pathname, search } = new URL(request.url)
    const what = `${request.method} ${pathname}`
    asked.push(what + search)
    requests.push(request.clone())
    const list = answers.get(what)
    const next = list && list.length > 1 ? list.shift() : list?.[0]
    if (!next) return json({ title: 'Not Found', status: 404, code: 'job_not_found' }, 404)
    if (next instanceof Error) throw next
    return next instanceof Response ? next.clone() : next(request)
  }
  return {
    api: createApi('http://test', (request) => new Promise((done) => done(answer(request)))),
    asked,
    requests,
    on: (what, ...given) => void answers.set(what, given),
  }
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json' },
  })
}

/** A stream of events, named `job:seq`; without `end` it stays open until it is left. */
export function stream(
  events: readonly { seq: number; event: string }[],
  end = true,
): (request: Request) => Response {
  return ({ signal }) => {
    const text = events
      .map((one) => `id: job-1:${one.seq}\nevent: ${one.event}\ndata: ${JSON.stringify(one)}\n\n`)
      .join('')
    const body = new ReadableStream<Uint8Array>({
      start(control) {
        control.enqueue(new TextEncoder().encode(text))
        if (end) control.close()
        else signal.addEventListener('abort', () => control.error(aborted()))
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
}
