import { expect, test } from 'vitest'

import type { ImageJobRecipe } from '@/shared/api/types'

import { DEFAULTS } from './model'
import { bodyAgain, bodyOf, differences, facts, settingsOf } from './request'

const WHOLE: ImageJobRecipe = {
  model: 'm',
  prompt: 'a red apple',
  negative_prompt: 'text',
  width: 64,
  height: 96,
  steps: 30,
  guidance: 7.5,
  seed: 0,
  scheduler: 'euler',
  count: 2,
  strength: 0.5,
  format: 'webp',
}

test('what is left out is not sent', () => {
  expect(bodyOf({ ...DEFAULTS, prompt: ' a red apple ', negative: ' ' }, 'm')).toEqual({
    model: 'm',
    prompt: 'a red apple',
    count: 1,
    format: 'png',
    preview_every: 2,
  })
})

test('strength goes only with a picture to start from', () => {
  const settings = { ...DEFAULTS, prompt: 'p', strength: 0.3 }
  expect(bodyOf(settings, 'm')).not.toHaveProperty('strength')
  expect(bodyOf(settings, 'm', 'data:image/png;base64,YQ==')).toMatchObject({
    image: 'data:image/png;base64,YQ==',
    strength: 0.3,
  })
})

test('a recipe becomes settings that ask for the same, seed 0 included', () => {
  expect(bodyOf(settingsOf(WHOLE), 'm')).toEqual({
    model: 'm',
    prompt: 'a red apple',
    negative_prompt: 'text',
    width: 64,
    height: 96,
    steps: 30,
    guidance: 7.5,
    seed: 0,
    scheduler: 'euler',
    count: 2,
    format: 'webp',
    preview_every: 3,
  })
  expect(bodyAgain(WHOLE, 'data:,')).toMatchObject({ strength: 0.5, image: 'data:,' })
})

test('what a recipe does not say is not shown', () => {
  expect(facts({ model: '', prompt: 'p', count: 1, format: 'png' })).toEqual([['Format', 'PNG']])
  expect(facts({ ...WHOLE, guidance: 7.499999 })).toContainEqual(['Guidance', '7.499999'])
  expect(facts({ ...WHOLE, seed: 4294967295 })).toContainEqual(['Seed', '4294967295'])
  expect(facts({ ...WHOLE, strength: 0.800000011920929 })).toContainEqual(['Strength', '0.8'])
})

test('differences name what differs and nothing else', () => {
  expect(differences(WHOLE, { ...WHOLE })).toEqual(new Set())
  const other = { ...WHOLE, seed: 7, prompt: 'a pear' }
  expect(differences(WHOLE, other)).toEqual(new Set(['Prompt', 'Seed']))
  const without = { ...WHOLE }
  delete without.steps
  expect(differences(WHOLE, without)).toEqual(new Set(['Steps']))
})
