import { expect, test } from 'vitest'

import {
  bytes,
  duration,
  excerpt,
  fileName,
  percent,
  plural,
  rate,
  roughly,
  sentence,
} from './format'

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

test('a wait is told roughly', () => {
  expect([0.4, 12.4, 89, 95, 3600, 7500].map(roughly)).toEqual([
    'a moment',
    '12 s',
    '89 s',
    '2 min',
    '1 h 0 min',
    '2 h 5 min',
  ])
})

test('shares and lengths keep the figures that matter', () => {
  expect([0, 0.0004, 0.5163, 0.9999, 1].map(percent)).toEqual([
    '0.0 %',
    '<0.1 %',
    '51.6 %',
    '100 %',
    '100 %',
  ])
  expect([812, 14_200, 999_700, 2_340_000].map(bytes)).toEqual([
    '812 B',
    '14 KB',
    '1.0 MB',
    '2.3 MB',
  ])
})
