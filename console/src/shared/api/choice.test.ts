import { expect, test } from 'vitest'

import { pick, writers } from './choice'
import type { Model } from './types'

function model(id: string, given: Partial<Model> = {}): Model {
  return {
    id,
    title: id,
    object: 'model',
    created: 0,
    owned_by: 'test',
    licence: 'none',
    chat: true,
    default: false,
    context_window: 2048,
    max_output: 2048,
    structured_output: true,
    tools: false,
    tasks: ['chat'],
    ...given,
  }
}

const BASE = model('base', { chat: false })
const CHAT = model('chat', { default: true })
const OTHER = model('other')
const EMBED = model('embed', { tasks: ['embed'] })

test('a conversation needs a model that follows one', () => {
  expect(writers([BASE, CHAT, EMBED], true)).toEqual([CHAT])
  expect(writers([BASE, CHAT, EMBED], false)).toEqual([BASE, CHAT])
})

test('the model chosen is asked while it is offered, else the default', () => {
  expect(pick([OTHER, CHAT], 'other')).toBe(OTHER)
  expect(pick([OTHER, CHAT], 'gone')).toBe(CHAT)
  expect(pick([OTHER, BASE], undefined)).toBe(OTHER)
  expect(pick([], 'gone')).toBeUndefined()
})
