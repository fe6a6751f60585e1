// Asking, stopping, asking again.

import assert from 'node:assert/strict'

import { onPage } from './support/browser.mjs'
import { serverUrl } from './support/server.mjs'
import {
  ask,
  cancelled,
  ended,
  field,
  figures,
  grown,
  lastAnswer,
  set,
  textOf,
  transport,
  until,
} from './support/playground.mjs'

/** Counts how many different lengths the text of the last answer has while it is written. */
async function watch(page) {
  await page.evaluate(() => {
    globalThis.lengths = new Set()
    const look = () => {
      const answers = document.querySelectorAll('li[data-state]')
      const text =
        answers[answers.length - 1]?.querySelector('[class*="markdown"]')?.textContent ?? ''
      if (text) globalThis.lengths.add(text.length)
    }
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  return () => page.evaluate(() => globalThis.lengths.size)
}

for (const [way, name] of [
  ['sse', 'SSE'],
  ['ws', 'WebSocket'],
]) {
  onPage(`over ${name} an answer comes in pieces and ends with its figures`, async (page) => {
    await set(page, { 'Longest answer': 40, Seed: 1 })
    await transport(page, way)
    const pieces = await watch(page)
    await ask(page, 'Name three colours.')
    await ended(page)
    assert.ok((await pieces()) >= 5, `it came in ${await pieces()} pieces`)
    const shown = await figures(page)
    assert.match(shown.first, /\d m?s$/)
    assert.match(shown.total, /\d m?s$/)
    assert.match(shown.speed, /^[\d.]+ tok\/s$/)
    assert.match(shown.out, /^\d+$/)
    assert.ok(shown.model.endsWith(name), shown.model)
  })
}

onPage('over REST an answer comes whole', async (page) => {
  await set(page, { 'Longest answer': 40, Seed: 1 })
  await transport(page, 'rest')
  const pieces = await watch(page)
  await ask(page, 'Name three colours.')
  await ended(page)
  assert.equal(await pieces(), 1)
  assert.match((await figures(page)).model, /REST$/)
})

onPage('the same question with the same seed has the same answer over all three', async (page) => {
  await set(page, { 'Longest answer': 32, Seed: 7 })
  const texts = new Set()
  for (const way of ['sse', 'ws', 'rest']) {
    await page.getByRole('button', { name: 'New', exact: false }).first().click()
    await transport(page, way)
    await ask(page, 'Tell me about copper.')
    await ended(page)
    texts.add(await textOf(page))
  }
  assert.equal(texts.size, 1, [...texts].join('\n---\n'))
})

for (const way of ['sse', 'ws']) {
  onPage(`stopping over ${way} keeps what was written and ends the work`, async (page) => {
    const before = await cancelled(await serverUrl())
    await transport(page, way)
    await set(page, { 'Longest answer': 900 })
    await ask(page, 'Write a very long story about the sea, with many chapters.')
    await grown(page, 60)
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await ended(page, 'stopped')
    assert.ok((await textOf(page)).length >= 60)
    const url = await serverUrl()
    await until(async () => (await cancelled(url)) > before, 'the server went on writing')
  })
}

onPage('Escape stops, and the answer can be asked for again', async (page) => {
  await set(page, { 'Longest answer': 900 })
  await ask(page, 'Write a very long story about a mountain.')
  await grown(page, 30)
  await page.keyboard.press('Escape')
  await ended(page, 'stopped')
  await set(page, { 'Longest answer': 24, Seed: 3 })
  await page.getByRole('button', { name: 'Retry' }).click()
  await ended(page)
  const first = await textOf(page)
  await page.getByRole('button', { name: 'Retry' }).click()
  await lastAnswer(page).and(page.locator('[aria-busy="true"]')).waitFor()
  await ended(page)
  assert.equal(await textOf(page), first)
  assert.equal(await page.locator('li[data-state]').count(), 1)
})

onPage('a question can be asked in other words; what came after it goes', async (page) => {
  await set(page, { 'Longest answer': 12 })
  for (const text of ['Name a metal.', 'Name another.']) {
    await ask(page, text)
    await ended(page)
  }
  await page.getByText('Name a metal.').last().hover()
  await page.getByRole('button', { name: 'Edit' }).first().click()
  await page.getByRole('textbox', { name: 'Edit the question' }).fill('Name a fruit.')
  await page.keyboard.press('Enter')
  await ended(page)
  const thread = page.getByRole('region', { name: 'Conversation', exact: true })
  assert.equal(await page.locator('li[data-state]').count(), 1)
  assert.equal(await thread.getByText('Name a metal.').count(), 0)
  assert.equal(await thread.getByText('Name a fruit.').count(), 1)
})

onPage('Enter sends, and Shift with Enter begins a line', async (page) => {
  await set(page, { 'Longest answer': 8 })
  const area = field(page)
  await area.pressSequentially('One')
  await area.press('Shift+Enter')
  await area.pressSequentially('two')
  assert.equal(await area.inputValue(), 'One\ntwo')
  await area.press('Enter')
  await ended(page)
  assert.equal(await area.inputValue(), '')
})

onPage('an answer can be held to JSON', async (page) => {
  await set(page, { 'Longest answer': 200, Temperature: 0, Seed: 1 })
  await page.getByRole('switch', { name: 'JSON only' }).check()
  await ask(page, 'Give me a JSON object with a name and an age.')
  await ended(page)
  const code = await lastAnswer(page).locator('pre').innerText()
  assert.equal(typeof JSON.parse(code), 'object')
})

onPage('a stop text ends the answer before it', async (page) => {
  await set(page, { 'Longest answer': 60, Seed: 1, 'Stop at': 'e' })
  await ask(page, 'Tell me about copper.')
  await ended(page)
  const text = await lastAnswer(page).locator('p').first().innerText()
  assert.ok(!text.replace('The model wrote nothing.', '').includes('e'), text)
})

onPage('what the server refuses is told in its words, and can be tried again', async (page) => {
  await ask(page, 'copper '.repeat(9000))
  await ended(page, 'failed')
  const alert = lastAnswer(page).getByRole('alert')
  const told = await alert.innerText()
  assert.match(told, /\d{4,}/, 'it gives the counts')
  assert.match(told, /context_length_exceeded/)
  assert.match(told, /status 400/)
  // A refusal may come sooner than anybody sees that it was asked for again: another alert tells.
  await alert.evaluate((element) => element.setAttribute('data-first', ''))
  await alert.getByRole('button', { name: 'Try again' }).click()
  await lastAnswer(page).locator('[role="alert"]:not([data-first])').waitFor()
  await ended(page, 'failed')
})
