// Runs at the edge for each request that opens a stream or a conversation: asks for a key, and gives each origin the path that it knows.
// A key comes as `Authorization: Bearer …`, as `x-api-key`, or, where a browser can send no header (WebSocket), as
// the query's `key`. Only its digest is looked up.
import cf from 'cloudfront'
import crypto from 'crypto'

const requireKey = ${require_key}
const streams = '${prefix}'
const websocket = ${websocket}

function keyOf(request) {
  const bearer = request.headers.authorization
  if (bearer && bearer.value.toLowerCase().startsWith('bearer ')) return bearer.value.slice(7).trim()
  const header = request.headers['x-api-key'] || request.querystring.key
  return header ? header.value : ''
}

async function known(key) {
  if (!key) return false
  const digest = crypto.createHash('sha256').update(key).digest('hex')
  return cf.kvs().exists(digest)
}

async function handler(event) {
  const request = event.request
  const preflight = request.method === 'OPTIONS'
  if (requireKey && !preflight && !(await known(keyOf(request)))) {
    return {
      statusCode: 401,
      statusDescription: 'Unauthorized',
      headers: { 'content-type': { value: 'application/problem+json' }, 'www-authenticate': { value: 'Bearer' } },
      body: '{"title":"A key is needed","status":401,"detail":"Send it as Authorization: Bearer, or as x-api-key."}',
    }
  }
  delete request.querystring.key
  if (streams && request.uri.startsWith(streams + '/')) request.uri = request.uri.slice(streams.length)
  if (websocket.includes(request.uri)) request.uri = '/'
  return request
}
