// Conversations that stay in the browser.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

import { onPage } from './support/browser.mjs'
import { act, ask, ended, grown, lastAnswer, listed, set, textOf } from './support/playground.mjs'

async function downloaded(page, start) {
  const waiting = page.waitForEvent('download')
  await start()
  const download = await waiting
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), 'utf8'),
  }
}

onPage('conversations are there after a reload, with their names', async (page) => {
  await set(page, { 'Longest answer': 12, Seed: 1 })
  await ask(page, 'Name a metal.')
  await ended(page)
  const text = await textOf(page)
  await page.keyboard.press('Control+k')
  await ask(page, 'Name a fruit.')
  await ended(page)
  await act(page, 'Name a metal.', 'Rename')
  await page.getByRole('textbox', { name: 'Name of the conversation' }).fill('Metals')
  await page.keyboard.press('Enter')
  await listed(page, 'Name a fruit.', 'Metals')

  await page.reload()
  await ended(page)
  await listed(page, 'Name a fruit.', 'Metals')
  await page.getByRole('button', { name: 'Metals', exact: true }).click()
  await page.getByText('Name a metal.').last().waitFor()
  assert.equal(await textOf(page), text)
})

onPage('what was deleted can be brought back, and is gone otherwise', async (page) => {
  await set(page, { 'Longest answer': 8 })
  await ask(page, 'Name a metal.')
  await ended(page)
  await act(page, 'Name a metal.', 'Delete')
  await listed(page)
  await page.getByRole('button', { name: 'Undo' }).click()
  await listed(page, 'Name a metal.')
  await act(page, 'Name a metal.', 'Delete')
  await page.reload()
  await page.getByText('What you ask is kept here').waitFor()
  await listed(page)
})

onPage('an answer goes on after a reload, from its first word', async (page) => {
  await set(page, { 'Longest answer': 160, Seed: 5 })
  await ask(page, 'Write a story about a lighthouse.')
  await grown(page, 60)
  await page.reload()
  await ended(page)
  const resumed = await textOf(page)
  await page.getByRole('button', { name: 'Retry' }).click()
  await lastAnswer(page).and(page.locator('[aria-busy="true"]')).waitFor()
  await ended(page)
  assert.equal(resumed, await textOf(page))
})

onPage('a conversation is exported as Markdown and as JSON', async (page) => {
  await set(page, { 'Longest answer': 8, 'System prompt': 'Be brief.' })
  await ask(page, 'Name a metal.')
  await ended(page)
  const said = await textOf(page)
  const markdown = await downloaded(page, () => act(page, 'Name a metal.', 'Export as Markdown'))
  assert.equal(markdown.name, 'name-a-metal.md')
  assert.ok(markdown.text.startsWith('# Name a metal.\n\n> Be brief.\n\n## You\n\nName a metal.'))
  const json = await downloaded(page, () => act(page, 'Name a metal.', 'Export as JSON'))
  const [conversation] = JSON.parse(json.text).conversations
  assert.equal(conversation.turns.length, 2)
  assert.equal(conversation.turns[1].text.trim(), said.trim())
})
