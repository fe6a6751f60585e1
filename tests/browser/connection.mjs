// Connections that break while an answer is written.

import assert from 'node:assert/strict'
import { after } from 'node:test'

import { onPage } from './support/browser.mjs'
import { serverUrl } from './support/server.mjs'
import {
  ask,
  ended,
  grown,
  lastAnswer,
  ready,
  set,
  textOf,
  transport,
} from './support/playground.mjs'
import { wireTo } from './support/wire.mjs'

let wire

async function wired() {
  wire ??= await wireTo(await serverUrl())
  return wire.url
}

after(() => wire?.close())

for (const [way, name] of [
  ['sse', 'SSE'],
  ['ws', 'WebSocket'],
]) {
  onPage(
    `over ${name} an answer goes on after its connection broke, and nothing is missing`,
    async (page) => {
      await set(page, { 'Longest answer': 220, Seed: 11 })
      await transport(page, way)
      await ask(page, 'Write a story about a copper mine.')
      await grown(page, 60)
      wire.cut()
      await lastAnswer(page).getByText('The connection broke and came back').waitFor()
      await ended(page)
      const mended = await textOf(page)
      await page.getByRole('button', { name: 'Retry' }).click()
      await lastAnswer(page).and(page.locator('[aria-busy="true"]')).waitFor()
      await ended(page)
      assert.equal(await lastAnswer(page).getByText('The connection broke').count(), 0)
      assert.equal(mended, await textOf(page))
    },
    { base: wired },
  )
}

onPage('a server that is gone is told so, and asked again', async (page) => {
  await set(page, { 'Longest answer': 8 })
  await ready(page)
  await page.route('**/v1/chat/completions', (route) => route.abort('connectionrefused'))
  await ask(page, 'Are you there?')
  await ended(page, 'failed')
  const alert = lastAnswer(page).getByRole('alert')
  assert.match(await alert.innerText(), /The server cannot be reached\./)
  await page.unroute('**/v1/chat/completions')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await ended(page)
})
