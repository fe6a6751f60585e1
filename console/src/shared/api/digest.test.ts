import { expect, test } from 'vitest'

import { withDigest } from './digest'

const ADDRESS = 'https://ai.example/stream/v1/chat/completions'
// printf '{"a":1}' | sha256sum
const DIGEST = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862'

test('a body goes with its digest and is not used up by it', async () => {
  const asked = new Request(ADDRESS, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  })
  const sent = await withDigest(asked)
  expect(sent.headers.get('x-amz-content-sha256')).toBe(DIGEST)
  expect(sent.headers.get('content-type')).toBe('application/json')
  expect(await sent.text()).toBe('{"a":1}')
})

test('a request without a body goes as it is', async () => {
  const asked = new Request(ADDRESS)
  expect(await withDigest(asked)).toBe(asked)
})
