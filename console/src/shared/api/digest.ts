// Requests that say what their body's SHA-256 is: a distribution that signs what it passes on to a function asks
// for it, since it has not read the body when it signs.

const HEADER = 'x-amz-content-sha256'

/** The same request, with the digest of its body where it has one. */
export async function withDigest(request: Request): Promise<Request> {
  if (request.method === 'GET' || request.method === 'HEAD') return request
  const body = await request.clone().arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const headers = new Headers(request.headers)
  headers.set(HEADER, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''))
  return new Request(request, { headers })
}
