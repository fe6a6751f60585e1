import { expect, test } from 'vitest'

import { DEFAULTS, type Conversation } from './model'
import { asJson, asMarkdown } from './transcript'

const CONVERSATION: Conversation = {
  id: 'c',
  mode: 'chat',
  title: 'Copper',
  createdAt: 1,
  updatedAt: 2,
  settings: { ...DEFAULTS, system: 'Be brief.\nBe kind.' },
  turns: [
    { id: 'q', role: 'user', text: 'What conducts?' },
    { id: 'a', role: 'assistant', text: 'Copper.\n', state: 'done', way: 'sse', askedAt: 1 },
  ],
}

test('a conversation reads well as Markdown', () => {
  expect(asMarkdown(CONVERSATION)).toBe(
    '# Copper\n\n> Be brief.\n> Be kind.\n\n## You\n\nWhat conducts?\n\n## Model\n\nCopper.\n',
  )
})

test('nothing of a conversation is lost as JSON', () => {
  expect(JSON.parse(asJson([CONVERSATION]))).toMatchObject({ conversations: [CONVERSATION] })
})
