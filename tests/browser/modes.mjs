// Going on with a text, and summaries.

import assert from 'node:assert/strict'

import { onPage } from './support/browser.mjs'
import { firstModel } from './support/server.mjs'
import { ask, ended, figures, lastAnswer, mode, set, textOf } from './support/playground.mjs'

const SENTENCES = [
  'The old power station stands by the river and has not been used for forty years.',
  'Its copper busbars were taken out and sold when the last turbine stopped.',
  'Now the town wants to make a museum of it, with a café in the boiler house.',
  'The plan costs nine million and is to be paid by the region and by visitors.',
  'Some neighbours fear noise and cars, and others look forward to the concerts.',
]

/** A text of about this many tokens. */
function text(tokens) {
  const lines = Math.ceil(tokens / 17)
  return Array.from({ length: lines }, (_, n) => `${n + 1}. ${SENTENCES[n % 5]}`).join('\n')
}

onPage('a text is gone on with, and gone on with again', async (page) => {
  await mode(page, 'Generate')
  await set(page, { 'Longest answer': 16, Seed: 1 })
  await ask(page, 'Once upon a time, in a small town by the sea,')
  await ended(page)
  const written = lastAnswer(page).locator('[class*="written"]')
  const first = await written.innerText()
  assert.ok(first.length > 0)
  await page.getByRole('button', { name: 'Go on' }).click()
  await lastAnswer(page).and(page.locator('[aria-busy="true"]')).waitFor()
  await ended(page)
  const both = await written.innerText()
  assert.ok(both.startsWith(first.trimEnd()) && both.length > first.length, both)
})

onPage('a WebSocket is not offered for what it cannot carry', async (page) => {
  await page.getByLabel('Transport').selectOption('ws')
  await mode(page, 'Generate')
  const chosen = page.getByLabel('Transport')
  assert.equal(await chosen.inputValue(), 'sse')
  assert.equal(await chosen.locator('option[value="ws"]').isDisabled(), true)
})

onPage('a text that is longer than the window is summarised in parts', async (page) => {
  const { context_window: window } = await firstModel()
  await mode(page, 'Summarise')
  await set(page, { 'Longest answer': 40, Seed: 1 })
  await ask(page, text(window * 1.6))
  const progress = lastAnswer(page).getByRole('progressbar')
  await progress.waitFor()
  await lastAnswer(page)
    .getByText(/Read \d+ of \d+ parts/)
    .waitFor()
  await ended(page)
  assert.ok((await textOf(page)).length > 0)
  const { 'read in': parts } = await figures(page)
  assert.ok(Number.parseInt(parts, 10) >= 2, parts)
})

onPage('a text file is summarised', async (page) => {
  await mode(page, 'Summarise')
  await set(page, { 'Longest answer': 30, Seed: 1 })
  await page.locator('input[type=file]').setInputFiles({
    name: 'station.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(text(200)),
  })
  await page.getByText(/station\.txt · [\d,]+ characters/).waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await ended(page)
  assert.ok((await textOf(page)).length > 0)
  assert.equal((await figures(page))['read in'], '1 part')
})

onPage('a file that is no text is refused with the reason', async (page) => {
  await page.locator('input[type=file]').setInputFiles({
    name: 'photo.jpg',
    mimeType: 'image/jpeg',
    buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  })
  await page.getByText('photo.jpg is not a text file in UTF-8.').waitFor()
})
