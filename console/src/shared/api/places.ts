// Where the page's APIs are: beside it, or where `config.js` says, a file that whoever put the page there wrote.

/** Addresses of the three ways to ask. */
export interface Places {
  /** Answers whole. */
  sync: URL
  /** Answers piece by piece. */
  stream: URL
  /** Whether a place of its own was given for these. */
  streamsApart: boolean
  /** Conversations. */
  websocket: string
}

declare global {
  interface Window {
    BUSBAR?: unknown
  }
}

/** Where the page was served from: the API lives beside it, also under a proxy's path. */
export function here(): URL {
  return new URL('.', document.baseURI)
}

/** What `config.js` said, with the page's own place for what it left out. */
export function places(said: unknown = window.BUSBAR, base: URL = here()): Places {
  const sync = given(said, 'sync', base) ?? base
  const stream = given(said, 'stream', base)
  const websocket = given(said, 'websocket', base)
  return {
    sync,
    stream: stream ?? sync,
    streamsApart: stream !== undefined,
    // A gateway's address is the whole of it; ours has a path of its own.
    websocket: socket(websocket ?? new URL('v1/ws', sync)),
  }
}

/** One of its addresses, as the beginning of paths. What is no address is left out, and said once. */
function given(said: unknown, name: string, base: URL): URL | undefined {
  const value =
    typeof said === 'object' && said !== null ? (said as Record<string, unknown>)[name] : undefined
  if (value === undefined || value === '') return undefined
  const address =
    typeof value === 'string' && URL.canParse(value, base) ? new URL(value, base) : undefined
  if (address && ['http:', 'https:', 'ws:', 'wss:'].includes(address.protocol)) {
    if (name !== 'websocket' && !address.pathname.endsWith('/')) address.pathname += '/'
    return address
  }
  console.warn(`config.js: \`${name}\` is no address; the page's own is taken`)
  return undefined
}

function socket(address: URL): string {
  const own = new URL(address)
  own.protocol = ['https:', 'wss:'].includes(address.protocol) ? 'wss:' : 'ws:'
  return own.href
}
