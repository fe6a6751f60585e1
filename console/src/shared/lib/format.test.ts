import { expect, test } from 'vitest'

import { duration, excerpt, fileName, plural, rate, sentence } from './format'

test('durations are read in the unit that suits them', () => {
  const shown = [0.42, 38.2, 999.4, 999.6, 1921, 9994, 12_340, 59_960, 64_000]
  expect(shown.map(duration)).toEqual([
    '0.4 ms',
    '38 ms',
    '999 ms',
    '1.00 s',
    '1.92 s',
    '9.99 s',
    '12.3 s',
    '1 min 0 s',
    '1 min 4 s',
  ])
  expect(duration(undefined)).toBe('–')
})

test('rates keep three figures', () => {
  expect([4.26, 61.44, 99.96, 128.4].map(rate)).toEqual(['4.3', '61.4', '100', '128'])
})

test('an excerpt ends at a word', () => {
  expect(excerpt('  Write a haiku\nabout copper bars ', 20)).toBe('Write a haiku about…')
  expect(excerpt('short', 20)).toBe('short')
  expect(excerpt('x'.repeat(30), 20)).toBe(`${'x'.repeat(20)}…`)
})

test('a file name has nothing that a disk refuses', () => {
  expect(fileName('What is 2/3 of “Ω”?')).toBe('what-is-2-3-of-ω')
  expect(fileName('???')).toBe('busbar')
})

test('a message begins as a sentence does', () => {
  expect([sentence('the queue is full'), sentence('`n` is 1'), sentence('')]).toEqual([
    'The queue is full',
    '`n` is 1',
    '',
  ])
})

test('one is singular', () => {
  expect([plural(1, 'part'), plural(1200, 'part')]).toEqual(['1 part', '1,200 parts'])
})
