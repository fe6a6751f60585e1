// Signing in where `config.js` names a login: an authorization code with PKCE (RFC 7636), as Cognito's hosted
// pages give one. The token is kept for as long as the tab lives and goes to the API alone.

import { Store } from '@/shared/lib/store'

/** Who makes tokens, and for whom. */
export interface Login {
  address: URL
  client: string
}

/** What of a browser it needs; tests have their own. */
export interface Surroundings {
  storage: Storage
  fetch: (address: string, init: RequestInit) => Promise<Response>
  now: () => number
  /** Leaves the page. */
  go: (address: string) => void
  /** Takes the answer out of the page's address. */
  tidy: (address: string) => void
}

const KEPT = 'busbar.token'
const BEGUN = 'busbar.login'
/** A token is not used in its last seconds: a request takes some. */
const EARLY_MS = 30_000

interface Token {
  text: string
  until: number
}

/** What a login that was begun needs at its end. */
interface Begun {
  verifier: string
  state: string
}

/** The login that `config.js` names, where it names both parts. */
export function loginOf(said: unknown): Login | undefined {
  const { login, client } = (said ?? {}) as Record<string, unknown>
  if (typeof login !== 'string' || typeof client !== 'string' || !client) return undefined
  if (!URL.canParse(login) || new URL(login).protocol !== 'https:') return undefined
  return { address: new URL(login), client }
}

export class Session {
  /** Whether there is a token. */
  readonly here: Store<boolean>

  constructor(
    private readonly login: Login,
    /** Where the login sends people back to. */
    private readonly page: URL,
    private readonly around: Surroundings,
  ) {
    this.here = new Store(this.token() !== undefined)
  }

  /** The token, while it is good. */
  token(): string | undefined {
    const kept = read(this.around.storage, KEPT) as Token | undefined
    return kept && kept.until - EARLY_MS > this.around.now() ? kept.text : undefined
  }

  /** Goes to the login; it comes back with a code. */
  async begin(): Promise<void> {
    const [verifier, state] = [unguessable(), unguessable()]
    this.around.storage.setItem(BEGUN, JSON.stringify({ verifier, state }))
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    this.around.go(
      this.at('oauth2/authorize', {
        response_type: 'code',
        client_id: this.login.client,
        redirect_uri: this.page.href,
        scope: 'openid email',
        state,
        code_challenge: base64url(new Uint8Array(digest)),
        code_challenge_method: 'S256',
      }),
    )
  }

  /** Makes a token of the code that the page was opened with, if it was. What came from somebody else's login
   *  is not taken. */
  async finish(opened: URL): Promise<void> {
    const code = opened.searchParams.get('code')
    const state = opened.searchParams.get('state')
    if (!code || !state) return
    const begun = read(this.around.storage, BEGUN) as Begun | undefined
    this.around.storage.removeItem(BEGUN)
    const clean = new URL(this.page)
    clean.hash = opened.hash
    this.around.tidy(clean.href)
    if (begun?.state !== state) return
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: this.login.client,
      redirect_uri: this.page.href,
      code,
      code_verifier: begun.verifier,
    })
    const answer = await this.around
      .fetch(this.at('oauth2/token'), { method: 'POST', body })
      .catch(() => undefined)
    const said = answer?.ok ? ((await answer.json()) as Record<string, unknown>) : {}
    const { access_token: text, expires_in: seconds } = said
    if (typeof text !== 'string' || typeof seconds !== 'number') return
    const until = this.around.now() + seconds * 1000
    this.around.storage.setItem(KEPT, JSON.stringify({ text, until } satisfies Token))
    this.here.set(true)
  }

  /** The API does not take the token: whoever reads the page has to sign in again. */
  refused(): void {
    this.around.storage.removeItem(KEPT)
    this.here.set(false)
  }

  /** Forgets the token, and tells the login. */
  leave(): void {
    this.refused()
    this.around.go(this.at('logout', { client_id: this.login.client, logout_uri: this.page.href }))
  }

  private at(path: string, query: Record<string, string> = {}): string {
    const address = new URL(path, this.login.address)
    address.search = new URLSearchParams(query).toString()
    return address.href
  }
}

/** Requests with the session's token; without one they go as they are. */
export function signed(
  session: Session,
  send: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const token = session.token()
    if (token === undefined) session.here.set(false)
    else request.headers.set('authorization', `Bearer ${token}`)
    const answer = await send(request)
    if (answer.status === 401 && token !== undefined) session.refused()
    return answer
  }
}

function read(storage: Storage, name: string): unknown {
  try {
    return JSON.parse(storage.getItem(name) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

function unguessable(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
