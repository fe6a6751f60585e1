import { expect, test } from 'vitest'

import { reachable } from './address'

test('files of the API are taken from where the page came from', () => {
  const file = 'http://127.0.0.1:8080/v1/images/files/a/b.png?expires=1&signature=s'
  expect(reachable(file, new URL('https://ai.example/console/'))).toBe(
    'https://ai.example/console/v1/images/files/a/b.png?expires=1&signature=s',
  )
  const elsewhere = 'https://bucket.example/b.png?signature=s'
  expect(reachable(elsewhere, new URL('https://ai.example/'))).toBe(elsewhere)
})
