// What went wrong with a request, in one shape, whichever of the server's two error shapes said it.

/** A failed request, with what the server said about it. */
export class Failure extends Error {
  override name = 'Failure'
  /** The HTTP status; absent where no answer came at all. */
  readonly status: number | undefined
  /** The field of the request that is wrong. */
  readonly param: string | undefined
  /** The machine-readable code. */
  readonly code: string | undefined
  readonly requestId: string | undefined
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined

  constructor(message: string, about: FailureFields = {}) {
    super(message)
    this.status = about.status
    this.param = about.param
    this.code = about.code
    this.requestId = about.requestId
    this.retryAfter = about.retryAfter
  }
}

export interface FailureFields {
  status?: number | undefined
  param?: string | undefined
  code?: string | undefined
  requestId?: string | undefined
  retryAfter?: number | undefined
}

/** No answer came: the server is down, or the network is. */
export function unreachable(): Failure {
  return new Failure('The server cannot be reached.', { code: 'unreachable' })
}

/** The connection broke and the answer cannot be continued. */
export function connectionLost(): Failure {
  return new Failure('The connection was lost before the answer was whole.', {
    code: 'connection_lost',
  })
}

/** Reads an error answer: OpenAI's `{"error": {…}}` or a problem object (RFC 9457). */
export function failureOf(body: unknown, response?: Response): Failure {
  const outer = record(body)
  const inner = record(outer['error'] ?? outer)
  const said = text(inner['message']) ?? text(inner['detail']) ?? text(inner['title'])
  const status = number(inner['status']) ?? response?.status
  return new Failure(said ?? fallback(status), {
    status,
    param: text(inner['param']),
    code: text(inner['code']),
    requestId: text(inner['request_id']) ?? response?.headers.get('x-request-id') ?? undefined,
    retryAfter: seconds(response?.headers.get('retry-after')),
  })
}

/** Any thrown thing as a failure. An abort stays what it is. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown
  // `fetch` reports every network trouble as a TypeError without saying which.
  if (thrown instanceof TypeError) return unreachable()
  return new Failure(thrown instanceof Error ? thrown.message : String(thrown))
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}

export function aborted(): DOMException {
  return new DOMException('Stopped.', 'AbortError')
}

function fallback(status: number | undefined): string {
  return status === undefined
    ? 'The server answered with an error.'
    : `The server answered with status ${status}.`
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function seconds(header: string | null | undefined): number | undefined {
  const value = Number.parseFloat(header ?? '')
  return Number.isFinite(value) ? value : undefined
}
