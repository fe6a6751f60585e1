import { expect, test } from 'vitest'

import type { Registry } from '@/shared/api/types'

import { done, others, promotion, rollback, stagesOf, versioned } from './stages'

const A = { model: 'a', version: 'sha256:0123456789abcdef' }
const B = { model: 'b', version: null }
const MODELS = [A, B, { model: 'c' }].map((model) => ({ ...model, aliases: [] }))
const EMPTY: Registry = { task: 'classify', aliases: {}, models: MODELS, history: [] }

test('a registry with nothing at any stage says who answers nevertheless', () => {
  const [candidate, production, previous] = stagesOf(EMPTY)
  expect([candidate?.model, production?.model, previous?.model]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(production?.none).toMatch(/a answers/)
})

test('nothing is promoted or rolled back where there is nothing to', () => {
  expect(promotion(EMPTY)).toBeUndefined()
  expect(rollback(EMPTY)).toBeUndefined()
  expect(rollback({ ...EMPTY, aliases: { production: A } })).toBeUndefined()
})

test('a promotion says who goes and who comes', () => {
  const asked = promotion({ ...EMPTY, aliases: { candidate: B, production: A } })
  expect(asked?.change).toEqual({ to: 'promote', model: 'b' })
  expect(asked?.text).toMatch(/a goes to “previous”/)
})

test('a rollback names the one to be taken out, so that it happens once', () => {
  const asked = rollback({ ...EMPTY, aliases: { production: B, previous: A } })
  expect(asked?.title).toBe('Roll back to a?')
  expect(asked?.change).toEqual({ to: 'rollback', model: 'b' })
})

test('any model may be the next candidate but the candidate and the one in production', () => {
  const registry = { ...EMPTY, aliases: { candidate: A, production: B } }
  expect(others(registry).map(({ model }) => model)).toEqual(['c'])
  expect(others(EMPTY)).toHaveLength(3)
})

test('a version is shown by the beginning of its hash', () => {
  expect(versioned(A)).toBe('0123456789ab')
  expect(versioned(B)).toBeUndefined()
})

test('what was done is said', () => {
  const after = { ...EMPTY, aliases: { production: B } }
  expect(done({ to: 'candidate', model: 'c' }, after)).toBe('c is the candidate.')
  expect(done({ to: 'promote', model: 'b' }, after)).toBe('b is in production.')
})
