import { expect, test } from 'vitest'

import { shown, verdict } from './model'

const labels = [
  { label: 'Egyptian cat', score: 0.52, index: 285 },
  { label: 'tiger cat', score: 0.16, index: 282 },
  { label: 'tabby', score: 0.05, index: 281 },
]

test('no more labels than wanted are shown, and none below the threshold', () => {
  const names = (topK: number, threshold: number) =>
    shown(labels, { topK, threshold }).map(({ label }) => label)
  expect(names(2, 0)).toEqual(['Egyptian cat', 'tiger cat'])
  expect(names(5, 0.1)).toEqual(['Egyptian cat', 'tiger cat'])
  expect(names(5, 0.52)).toEqual(['Egyptian cat'])
  expect(names(5, 0.9)).toEqual([])
})

test('how sure it is can be heard', () => {
  const sure = (score: number) => verdict([{ label: 'cat', score, index: 1 }])
  expect([0.9, 0.5, 0.2, 0.1].map(sure)).toEqual([
    'cat',
    'Probably: cat',
    'Perhaps: cat',
    'No idea. If it must guess: cat',
  ])
  expect(verdict([])).toBe('Nothing that it knows')
})
