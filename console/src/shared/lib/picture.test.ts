import { expect, test } from 'vitest'

import { addressIn, dataAddress, faultOf } from './picture'

test('a file that cannot be a picture is told from one that may be', () => {
  const file = (type: string, text = 'x') => new File([text], 'a.bin', { type })
  expect(faultOf(file('image/png'))).toBeUndefined()
  expect(faultOf(file(''))).toBeUndefined()
  expect(faultOf(file('text/plain'))).toBe('a.bin is not a picture.')
  expect(faultOf(file('image/png', ''))).toBe('a.bin is empty.')
})

test('a text is an address where it is one and nothing else', () => {
  expect(addressIn(' https://example.org/cat.jpg \n')).toBe('https://example.org/cat.jpg')
  expect(addressIn('https://a.example/1\nhttps://a.example/2')).toBe('https://a.example/1')
  for (const text of ['a cat', 'see https://x.example', 'ftp://x.example/a', 'https://', '']) {
    expect(addressIn(text)).toBeUndefined()
  }
})

test('a file of any length becomes a data address that says what it is', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251)
  const address = await dataAddress(new Blob([bytes], { type: 'image/webp' }))
  const [head, body = ''] = address.split(',')
  expect(head).toBe('data:image/webp;base64')
  expect(atob(body) === Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')).toBe(true)
})
