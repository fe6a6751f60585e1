// Pages of the browser under test. A page that reports a fault, or that its content security policy
// holds back from something, fails its test.

import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'

import { chromium } from 'playwright-core'

import { serverUrl } from './server.mjs'

const require = createRequire(import.meta.url)
const PICTURES = process.env.SCREENSHOTS ?? new URL('../screenshots', import.meta.url).pathname
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a test card, to those pages that the server lets have one.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
]

/** What the browser itself says about answers that a test asks for: refusals and cut connections. */
const EXPECTED = /Failed to load resource|WebSocket connection to/

const LONGEST_MS = 240_000

export const DESKTOP = { width: 1280, height: 800 }
export const PHONE = { width: 360, height: 740 }

let launching

function browser() {
  launching ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ARGS,
  })
  return launching
}

export async function closeBrowser() {
  await (await launching)?.close()
}

/** A test with a page of its own: `play` gets the page with the console open, in an empty browser. */
export function onPage(name, play, { viewport = DESKTOP, path = '/', base, ...context } = {}) {
  test(name, { timeout: LONGEST_MS }, async (t) => {
    const opened = await (await browser()).newContext({ viewport, ...context })
    const page = await opened.newPage()
    const faults = []
    page.on('pageerror', (fault) => faults.push(fault.message))
    page.on('console', (line) => {
      if (line.type() === 'error' && !EXPECTED.test(line.text())) faults.push(line.text())
    })
    page.setDefaultTimeout(60_000)
    try {
      await page.goto(`${base ? await base() : await serverUrl()}${path}`)
      await page.getByRole('main').waitFor()
      await play(page, t)
      assert.deepEqual(faults, [], 'the page reported faults')
    } catch (fault) {
      await picture(page, `failed-${name.replace(/\W+/g, '-')}`).catch(() => undefined)
      throw fault
    } finally {
      await opened.close()
    }
  })
}

/** Presses a button by the keyboard once it is on: a key that comes while it is off goes nowhere. */
export async function press(button) {
  await button.and(button.page().locator(':enabled')).waitFor()
  await button.press('Enter')
}

/** Keeps what screen readers are told from now on; gives what that was so far. */
export async function listened(page) {
  await page.evaluate(() => {
    globalThis.said = []
    const region = document.querySelector('[role="status"][aria-live="polite"]')
    new MutationObserver(() => globalThis.said.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    })
  })
  return () => page.evaluate(() => globalThis.said)
}

export async function picture(page, name) {
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}

let axe

/** Waits until nothing changes its colour or place any more, also nothing that a frame later does. */
async function atRest(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame)
    const changing = () => document.getAnimations().filter((one) => one instanceof CSSTransition)
    do {
      await Promise.all(changing().map(({ finished }) => finished.catch(() => undefined)))
      await frame()
      await frame()
    } while (changing().length > 0)
  })
}

async function broken(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run(document))
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** No accessibility rule is broken, and nothing is wider than the page. */
export async function accessible(page, where) {
  axe ??= await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(axe)
  // A look takes a while, in which an answer may come and a button begin to change its colour: what
  // is told counts if it is still so once the page is at rest again.
  let told
  for (let looks = 0; looks < 3 && told?.length !== 0; looks += 1) {
    await atRest(page)
    told = await broken(page)
  }
  assert.deepEqual(told, [], `axe, ${where}`)
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  assert.equal(over, 0, `${where} is wider than the screen`)
}
