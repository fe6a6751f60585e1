import { expect, test } from 'vitest'

import { DEFAULTS, type Answer, type Settings, type Turn } from './model'
import { callFor, wayOf } from './request'

function question(text: string): Turn {
  return { id: text, role: 'user', text }
}

function answer(text: string, state: Answer['state'] = 'done'): Turn {
  return { id: `a${text}`, role: 'assistant', text, state, way: 'sse', askedAt: 0 }
}

function body(settings: Partial<Settings>, turns: Turn[], mode: 'chat' | 'generate' | 'summary') {
  return callFor({ mode, settings: { ...DEFAULTS, ...settings } }, turns, 'm').body
}

test('a chat carries the system prompt and what was said before', () => {
  const turns = [question('a'), answer('b'), question('c')]
  expect(body({ system: 'Be brief.' }, turns, 'chat')).toEqual({
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ],
  })
})

test('a question that got no answer is not repeated', () => {
  const turns = [question('a'), answer('', 'failed'), question('c')]
  expect(body({}, turns, 'chat')).toMatchObject({ messages: [{ role: 'user', content: 'c' }] })
})

test('what was written before a stop counts as said', () => {
  const turns = [question('a'), answer('half', 'stopped'), question('c')]
  expect(body({}, turns, 'chat')).toMatchObject({
    messages: [{ content: 'a' }, { content: 'half' }, { content: 'c' }],
  })
})

test('only parameters that were set are sent', () => {
  const set = body({ sampling: { temperature: 0, seed: 7 }, stop: ['\n'], json: true }, [], 'chat')
  expect(set).toEqual({
    model: 'm',
    messages: [],
    temperature: 0,
    seed: 7,
    stop: ['\n'],
    response_format: { type: 'json_object' },
  })
})

test('a text is gone on with from where it stands', () => {
  const call = callFor({ mode: 'generate', settings: DEFAULTS }, [question('Once')], 'm', ' upon')
  expect(call.body).toEqual({ model: 'm', prompt: 'Once upon', max_tokens: 200 })
})

test('a summary takes the parameters that it knows', () => {
  const sampling = { temperature: 0.2, top_k: 5, max_tokens: 90 }
  expect(body({ sampling, style: 'bullets' }, [question('long')], 'summary')).toEqual({
    model: 'm',
    text: 'long',
    style: 'bullets',
    length: 'medium',
    temperature: 0.2,
    max_tokens: 90,
  })
})

test('a WebSocket carries chats only', () => {
  expect(wayOf('chat', 'ws')).toBe('ws')
  expect(wayOf('generate', 'ws')).toBe('sse')
  expect(wayOf('summary', 'rest')).toBe('rest')
})
