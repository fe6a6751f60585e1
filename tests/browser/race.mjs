// The race.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

import { onPage } from './support/browser.mjs'

const MEASURES = ['firstMs', 'totalMs', 'tokensPerSecond']
const WAYS = ['rest', 'sse', 'ws']

async function set(page, label, value) {
  await page.getByLabel(label, { exact: true }).fill(String(value))
}

async function start(page) {
  await page.getByRole('button', { name: /^(Start the race|Race again)$/ }).click()
}

async function exported(page, kind) {
  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: `Export ${kind}` }).click()
  return readFile(await (await waiting).path(), 'utf8')
}

onPage(
  'three repeats over three ways have medians, a drawing, a verdict and files',
  async (page) => {
    await set(page, 'Repeats', 3)
    await set(page, 'Longest answer, tokens', 24)
    await start(page)
    await page.getByText('Done', { exact: true }).waitFor({ timeout: 200_000 })

    for (const way of WAYS) {
      for (const measure of MEASURES) {
        const median = await page.getByTestId(`${way}-${measure}`).innerText()
        assert.match(median, /^[\d.]+( m?s)?$/, `${way} ${measure}: ${median}`)
      }
    }
    const verdict = await page.getByTestId('verdict').innerText()
    assert.match(verdict, /The first words came/)
    assert.match(verdict, /The three texts are equal in every round\./)

    const drawings = page.getByRole('region', { name: 'Results' }).getByRole('img')
    assert.equal(await drawings.count(), 3)
    for (const drawing of await drawings.all()) {
      const words = await drawing.locator('desc').textContent()
      assert.match(words, /REST: median .+ SSE: median .+ WebSocket: median /)
      assert.equal(await drawing.locator('g[class*="runs"] > *').count(), 9)
    }

    const report = JSON.parse(await exported(page, 'JSON'))
    assert.equal(report.runs.length, 12)
    assert.deepEqual(
      report.runs.slice(3, 9).map(({ way }) => way),
      ['sse', 'ws', 'rest', 'ws', 'rest', 'sse'],
    )
    assert.equal(new Set(report.runs.map(({ text }) => text)).size, 1)
    for (const { way, n } of report.summary.map(({ way, totalMs }) => ({ way, n: totalMs.n }))) {
      assert.equal(n, 3, way)
    }
    const lines = (await exported(page, 'CSV')).split('\r\n').filter(Boolean)
    assert.ok(lines[0].startsWith('place,round,warm_up,way,model,first_ms,total_ms'))
    assert.ok(lines.length >= 13)
  },
  { path: '/#/race' },
)

onPage(
  'a race can be stopped, and run again without a warm-up',
  async (page) => {
    await set(page, 'Repeats', 20)
    await start(page)
    await page.getByText(/run [4-9] of 63/).waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByText('Stopped', { exact: true }).waitFor()
    await page.getByRole('switch', { name: 'Warm-up round' }).uncheck()
    await set(page, 'Repeats', 1)
    await set(page, 'Longest answer, tokens', 8)
    await start(page)
    await page.getByText('Done', { exact: true }).waitFor()
    await page.getByText('run 3 of 3').waitFor()
    assert.match(await page.getByTestId('verdict').innerText(), /fewer than three rounds/)
  },
  { path: '/#/race' },
)

onPage(
  'what the server refuses ends the race with its words',
  async (page) => {
    await set(page, 'Prompt', 'copper '.repeat(9000))
    await start(page)
    await page.getByText('Failed', { exact: true }).waitFor()
    assert.match(await page.getByRole('alert').innerText(), /context_length_exceeded/)
  },
  { path: '/#/race' },
)
