import { expect, test } from 'vitest'

import { finishedUpTo, spoken } from './sentences'

function finished(text: string, from = 0): string {
  return text.slice(from, finishedUpTo(text, from))
}

test('only whole sentences are given', () => {
  expect(finished('Copper is')).toBe('')
  expect(finished('Copper is red. It cond')).toBe('Copper is red. ')
  expect(finished('One. Two! Three? Fo')).toBe('One. Two! Three? ')
})

test('a point inside a number ends nothing', () => {
  expect(finished('It costs 3.')).toBe('')
  expect(finished('It costs 3.5 euros and')).toBe('')
})

test('a line is finished at its end', () => {
  expect(finished('- copper\n- ti')).toBe('- copper\n')
})

test('a closing quote belongs to its sentence', () => {
  expect(finished('He said "no." And')).toBe('He said "no." ')
})

test('what was given before is not given again', () => {
  expect(finished('One. Two. Thr', 5)).toBe('Two. ')
  expect(finishedUpTo('One. Tw', 5)).toBe(5)
})

test('marks are not read aloud', () => {
  expect(spoken('## A **bold** `code`\n```py\nx\n```')).toBe('A bold code x')
})
