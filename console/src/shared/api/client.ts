// The typed client of the server's HTTP API. It knows where the server is and nothing else.

import createClient from 'openapi-fetch'

import type { paths } from './schema'

export type Api = ReturnType<typeof createClient<paths>>

/** A client of the server at `base`; tests pass their own `fetch`. */
export function createApi(base: string, fetch?: (request: Request) => Promise<Response>): Api {
  return createClient<paths>({ baseUrl: base.replace(/\/$/, ''), ...(fetch && { fetch }) })
}
