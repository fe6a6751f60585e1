import { expect, test } from 'vitest'

import { readStops, writeStops } from './stops'

test('a line is a stop text, and what a line cannot hold is escaped', () => {
  expect(readStops('END\n\\n\\n\n\n a\\tb')).toEqual(['END', '\n\n', ' a\tb'])
})

test('what is written reads back the same', () => {
  const stops = ['END', '\n\n', 'C:\\new', '\t']
  expect(readStops(writeStops(stops))).toEqual(stops)
})

test('more than the API takes are left out', () => {
  expect(readStops('a\nb\nc\nd\ne')).toEqual(['a', 'b', 'c', 'd'])
})
