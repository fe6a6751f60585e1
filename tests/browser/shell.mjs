// What surrounds the pages.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

import { listened, onPage, PHONE } from './support/browser.mjs'
import { serverUrl } from './support/server.mjs'
import { ask, ended, ready, set } from './support/playground.mjs'

test('the console was made for the API that the server describes', async () => {
  const kept = new URL('../../console/openapi.json', import.meta.url)
  const described = await (await fetch(`${await serverUrl()}/openapi.json`)).json()
  assert.deepEqual(
    JSON.parse(await readFile(kept, 'utf8')),
    described,
    'console/openapi.json is old: run `npm run api` in console/ against the new server',
  )
})

onPage('a model that loads is shown as loading, then as ready', async (page) => {
  await page.route('**/readyz', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Service Unavailable', detail: 'The model is loading.' }),
    }),
  )
  await page.reload()
  await page.getByText('The model is loading.').first().waitFor()
  await page.unroute('**/readyz')
  await ready(page)
})

onPage('the first key leads past the navigation', async (page) => {
  // The field to write in has the focus at first; this is where someone begins who left it.
  await page.evaluate(() => {
    document.body.tabIndex = -1
    document.body.focus()
  })
  await page.keyboard.press('Tab')
  const skip = page.getByRole('button', { name: 'Skip to the content' })
  await skip.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('main').and(page.locator(':focus')).waitFor()
})

onPage('the colours that were chosen stay', async (page) => {
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: /^Colours: as the system/ }).click()
  await page.getByRole('button', { name: /^Colours: light/ }).click()
  const dark = await ground()
  assert.notEqual(dark, light)
  await page.reload()
  await page.getByRole('button', { name: /^Colours: dark/ }).waitFor()
  assert.equal(await ground(), dark)
})

onPage(
  'on a phone the sidebar is a drawer that Escape closes',
  async (page) => {
    await page.getByRole('button', { name: 'Open the menu' }).click()
    const drawer = page.getByRole('dialog', { name: 'Busbar' })
    await drawer.getByRole('link', { name: 'Race' }).waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await drawer.getByRole('link', { name: 'Race' }).click()
    await page.getByRole('heading', { name: 'Race' }).waitFor()
    await drawer.waitFor({ state: 'hidden' })
  },
  { viewport: PHONE },
)

onPage('an answer is read aloud in sentences, not in tokens', async (page) => {
  const said = await listened(page)
  await set(page, { 'Longest answer': 80, Seed: 1 })
  await ask(page, 'Tell me about copper.')
  await ended(page)
  await page.waitForFunction(() => globalThis.said.at(-1)?.endsWith('The answer is complete.'))
  const { length } = await said()
  assert.ok(length <= 12, `${length} announcements for 80 tokens`)
})

onPage('an answer goes on while another page is looked at', async (page) => {
  await set(page, { 'Longest answer': 60, Seed: 1 })
  await ask(page, 'Tell me about copper.')
  await page.getByRole('link', { name: 'Race' }).click()
  await page.getByRole('heading', { name: 'Race' }).waitFor()
  await page.getByRole('link', { name: 'Playground' }).click()
  await ended(page)
})
