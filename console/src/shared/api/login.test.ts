import { expect, test } from 'vitest'

import { loginOf, Session, signed, type Surroundings } from './login'

const PAGE = new URL('https://ai.example/')
const LOGIN = { address: new URL('https://people.example'), client: 'console' }

function scene(answer: { ok: boolean; body?: unknown } = { ok: true, body: GRANTED }) {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  } as Storage
  const seen = { went: '', tidied: '', asked: [] as { address: string; body: URLSearchParams }[] }
  const time = { now: 1_000_000 }
  const around: Surroundings = {
    storage,
    now: () => time.now,
    go: (address) => void (seen.went = address),
    tidy: (address) => void (seen.tidied = address),
    fetch: (address, init) => {
      seen.asked.push({ address, body: init.body as URLSearchParams })
      return Promise.resolve(Response.json(answer.body ?? {}, { status: answer.ok ? 200 : 400 }))
    },
  }
  return { seen, time, kept, session: new Session(LOGIN, PAGE, around), around }
}

const GRANTED = { access_token: 'a.b.c', expires_in: 3600, token_type: 'Bearer' }

function back(to: string, code = 'c0de'): URL {
  const state = new URL(to).searchParams.get('state') ?? ''
  return new URL(`?code=${code}&state=${state}#/images`, PAGE)
}

test('a login needs its address and who the page is there', () => {
  const said = { login: 'https://people.example', client: 'console' }
  expect(loginOf(said)).toEqual(LOGIN)
  for (const wrong of [
    null,
    {},
    { ...said, client: '' },
    { ...said, login: 'http://people.example' },
  ])
    expect(loginOf(wrong)).toBeUndefined()
})

test('a code becomes a token only with what its beginning kept', async () => {
  const { seen, session, time, around } = scene()
  await session.begin()
  const asked = new URL(seen.went)
  expect(asked.origin + asked.pathname).toBe('https://people.example/oauth2/authorize')
  expect(asked.searchParams.get('code_challenge_method')).toBe('S256')
  await session.finish(back(seen.went))
  expect(seen.tidied).toBe('https://ai.example/#/images')
  const [{ address, body }] = seen.asked as [(typeof seen.asked)[0]]
  expect(address).toBe('https://people.example/oauth2/token')
  // The challenge is the verifier's digest: nobody who only saw the first could have the second.
  const verifier = new TextEncoder().encode(body.get('code_verifier') ?? '')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', verifier))
  const challenge = asked.searchParams.get('code_challenge') ?? ''
  const said = atob(challenge.replaceAll('-', '+').replaceAll('_', '/'))
  expect(Array.from(said, (letter) => letter.charCodeAt(0))).toEqual(Array.from(digest))
  expect([session.token(), session.here.get()]).toEqual(['a.b.c', true])
  // It outlives a reload, and not its time.
  expect(new Session(LOGIN, PAGE, around).token()).toBe('a.b.c')
  time.now += 3_580_000
  expect(session.token()).toBeUndefined()
})

test('a code of a login that was not begun here is not taken', async () => {
  const { seen, session } = scene()
  await session.finish(new URL('?code=c0de&state=theirs', PAGE))
  await session.begin()
  await session.finish(new URL('?code=c0de&state=theirs', PAGE))
  expect(seen.asked).toEqual([])
  expect(session.token()).toBeUndefined()
})

test('a login that says no leaves nothing behind', async () => {
  const { seen, session, kept } = scene({ ok: false, body: { error: 'invalid_grant' } })
  await session.begin()
  await session.finish(back(seen.went))
  expect([session.token(), kept.size]).toEqual([undefined, 0])
})

test('requests carry the token until it is refused', async () => {
  const { seen, session } = scene()
  await session.begin()
  await session.finish(back(seen.went))
  const sent: (string | null)[] = []
  const answers = [200, 401, 401]
  const send = signed(session, (request) => {
    sent.push(request.headers.get('authorization'))
    return Promise.resolve(new Response(null, { status: answers.shift() ?? 200 }))
  })
  for (let time = 0; time < 3; time += 1) await send(new Request('https://ai.example/v1/models'))
  expect(sent).toEqual(['Bearer a.b.c', 'Bearer a.b.c', null])
  expect(session.here.get()).toBe(false)
})

test('who leaves is signed out at the login too', async () => {
  const { seen, session } = scene()
  await session.begin()
  await session.finish(back(seen.went))
  session.leave()
  expect(seen.went).toBe(
    'https://people.example/logout?client_id=console&logout_uri=https%3A%2F%2Fai.example%2F',
  )
  expect(session.token()).toBeUndefined()
})
