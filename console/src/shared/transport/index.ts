// The ways to receive an answer, behind one function each for asking and for going on.

import { createApi, type Api } from '@/shared/api/client'
import { withDigest } from '@/shared/api/digest'
import { signed } from '@/shared/api/login'
import { places } from '@/shared/api/places'
import { session } from '@/shared/api/session'

import type { AnswerOptions, Call, Way } from './answer'
import { answerByRest } from './rest'
import { SocketClient } from './socket'
import { answerBySse, resumeBySse } from './streamed'
import { summaryBySse } from './summary'

const { sync, stream, streamsApart, websocket } = places()

/** The page's one API client; it says who asks, where people sign in. */
export const api: Api = createApi(
  sync.href,
  session && signed(session, (request) => fetch(request)),
)

/** Who answers piece by piece: the same, unless it has a place of its own. */
const streams: Api = streamsApart
  ? createApi(stream.href, async (request) => fetch(await withDigest(request)))
  : api

/** The page's one WebSocket; it opens at the first question. */
export const socket = new SocketClient(() => new WebSocket(websocket))

/** Asks, and tells what comes. Resolves at the end; rejects with a `Failure` or an `AbortError`. */
export function ask(way: Way, call: Call, options: AnswerOptions): Promise<void> {
  if (way === 'rest') return answerByRest(api, call, options)
  if (call.kind === 'summary') return summaryBySse(streams, call.body, options)
  if (way === 'ws' && call.kind === 'chat') return socket.chat(call.body, options)
  return answerBySse(streams, call, options)
}

/** Goes on with a stream of an earlier page, from its first event. */
export function rejoin(way: Way, stream: string, options: AnswerOptions): Promise<void> {
  return way === 'ws' ? socket.resume(stream, options) : resumeBySse(streams, stream, options)
}
