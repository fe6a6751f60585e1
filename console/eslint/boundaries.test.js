// Shows that each forbidden import is caught, and that the allowed ones pass.

import { Linter } from 'eslint'
import { expect, test } from 'vitest'

import { boundaries } from './boundaries.js'

function breaches(filename, code) {
  const config = [
    {
      files: ['**/*.js'],
      plugins: { busbar: { rules: { boundaries } } },
      rules: { 'busbar/boundaries': 'error' },
    },
  ]
  return new Linter({ cwd: '/c' }).verify(code, config, filename).map((found) => found.message)
}

test('a feature must not import another feature', () => {
  const message = ['`features/race` must not import `features/playground`.']
  expect(breaches('/c/src/features/race/a.js', "import '@/features/playground/b'")).toEqual(message)
  expect(breaches('/c/src/features/race/a.js', "import '../playground/b'")).toEqual(message)
  expect(breaches('/c/src/features/race/a.js', "export * from '../playground/b'")).toEqual(message)
  expect(breaches('/c/src/features/race/a.js', "import('../playground/b')")).toEqual(message)
})

test('a feature must not import the app, nor shared code a feature', () => {
  expect(breaches('/c/src/features/race/a.js', "import '@/app/routes'")).toHaveLength(1)
  expect(breaches('/c/src/shared/ui/a.js', "import '@/features/race/b'")).toHaveLength(1)
  expect(breaches('/c/src/shared/ui/a.js', "export { b } from '../../app/b'")).toHaveLength(1)
})

test('imports that point downward pass', () => {
  expect(breaches('/c/src/app/a.js', "import '@/features/race'")).toEqual([])
  expect(breaches('/c/src/features/race/x/a.js', "import '../b'; import '@/shared/ui/c'")).toEqual(
    [],
  )
  expect(breaches('/c/src/shared/ui/a.js', "import 'react'; import '../lib/d'")).toEqual([])
})
