import { expect, test } from 'vitest'

import type { ConfigurationVersion } from '@/shared/api/types'

import { before, canServe, changed, fate, firstPair, named, outcome, serving } from './words'

function version(number: number, more: Partial<ConfigurationVersion> = {}): ConfigurationVersion {
  return { version: number, at: 0, origin: 'file', hash: `h${number}`, serves: false, ...more }
}

const REFUSED = { refused: ['server.listen: `x` is no address'] }

test('only a version that served can serve again', () => {
  expect(canServe(version(1))).toBe(true)
  expect(canServe(version(2, { serves: true }))).toBe(false)
  expect(canServe(version(3, REFUSED))).toBe(false)
})

test('what became of a version is said in words', () => {
  expect(fate(version(1))).toBe('Served before')
  expect(fate(version(2, { serves: true }))).toBe('Serves now')
  expect(fate(version(3, REFUSED))).toBe('Refused')
  expect(named(version(4, { label: 'v-7' }))).toBe('Version 4 (v-7)')
})

test('what serves is said, and whether a person chose it', () => {
  const status = { version: 3, chosen: false, waiting_for_restart: [] }
  expect(serving(status)).toBe('Version 3 serves')
  expect(serving({ ...status, chosen: true })).toBe('Version 3 serves, as chosen')
  expect(serving({ chosen: false, waiting_for_restart: [] })).toMatch(/kept nowhere/)
})

test('a reload says what was refused', () => {
  const status = { version: 3, chosen: false, waiting_for_restart: [] }
  expect(outcome(status)).toBe('Version 3 serves.')
  const refused = { reasons: ['a', 'b'], version: 4 }
  expect(outcome({ ...status, refused })).toMatch(/refused, for 2 reasons/)
})

test('the last two versions that could be read are compared at first', () => {
  expect(firstPair([])).toBeUndefined()
  expect(firstPair([version(1)])).toBeUndefined()
  expect(firstPair([version(1), version(2), version(3, { ...REFUSED, hash: '' })])).toEqual([1, 2])
})

test('a version is compared with the one before it', () => {
  const versions = [version(1), version(2, { ...REFUSED, hash: '' }), version(3)]
  expect(before(versions, 3)).toBe(1)
  expect(before(versions, 1)).toBeUndefined()
})

test('settings that differ are counted', () => {
  expect(changed(0)).toMatch(/^Nothing differs/)
  expect(changed(1)).toBe('One setting differs.')
  expect(changed(4)).toBe('4 settings differ.')
})
