import { expect, test } from 'vitest'

import { newSeed, surprise } from './surprise'

test('a surprise is a prompt at either end of chance', () => {
  expect(surprise(() => 0)).toBe('a happy robot')
  expect(surprise(() => 0.999)).toBe('a winking snail at the beach')
})

test('a seed has 32 bits', () => {
  expect(newSeed(() => 0)).toBe(0)
  expect(newSeed(() => 1 - 2 ** -53)).toBe(2 ** 32 - 1)
})
