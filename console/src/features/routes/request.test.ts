import { expect, test } from 'vitest'

import { parsed } from './request'

test('nothing written is no request', () => {
  expect(parsed('  \n')).toEqual({})
})

test('a body is passed on as it is', () => {
  expect(parsed('{"messages": []}')).toEqual({ request: { messages: [] } })
})

test('what is no object is refused with an example', () => {
  for (const wrong of ['{', '3', '[]', 'null', 'hello'])
    expect(parsed(wrong)).toHaveProperty('fault', expect.stringContaining('messages'))
})
