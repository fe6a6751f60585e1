// Takes pictures of the console and checks it with axe, against the server at BUSBAR_URL.
// `node dev/look.mjs <folder>`; a picture for each state, width and colour scheme.

import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { chromium } from 'playwright-core'

const URL_ = process.env.BUSBAR_URL ?? 'http://127.0.0.1:8080'
const OUT = process.argv[2] ?? 'look'
const ONLY = process.env.ONLY?.split(',')
const require = createRequire(import.meta.url)
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }

async function ask(page, text) {
  const field = page.getByRole('textbox', { name: /Message|Text to/ })
  await field.fill(text)
  await field.press('Enter')
}

const answered = (page) =>
  page.locator('[data-state="done"], [data-state="failed"]').last().waitFor({ timeout: 60_000 })

async function settings(page, phone) {
  if (phone) await page.getByRole('button', { name: 'Settings', exact: true }).click()
}

async function images(page) {
  await page.goto(`${URL_}/#/images`)
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor()
}

async function make(page, prompt) {
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(prompt)
  await page.getByRole('button', { name: /^Make/ }).click()
  await page.waitForTimeout(150)
}

async function gallery(page) {
  await images(page)
  if ((await page.getByRole('button', { name: /^Open:/ }).count()) >= 4) return
  await page.evaluate(() => {
    const kept = { prompt: '', negative: 'text', count: 4, format: 'png', strength: 0.8, steps: 4 }
    localStorage.setItem('busbar.images', JSON.stringify(kept))
  })
  await page.reload()
  await make(page, 'a happy robot, flat style')
  await page
    .getByRole('button', { name: /^Open:/ })
    .nth(3)
    .waitFor({ timeout: 120_000 })
}

async function classify(page) {
  await page.goto(`${URL_}/#/classify`)
  await page.getByRole('button', { name: 'Choose pictures' }).waitFor()
}

const SAMPLE = await readFile(
  new URL('../../tests/fixtures/vision/cut-97x61-bicubic.png', import.meta.url),
)

const SCENES = {
  empty: async () => undefined,
  writing: async (page) => {
    await ask(page, 'Write a story [[code]]')
    await page.waitForTimeout(700)
  },
  answer: async (page) => {
    await ask(page, 'Show me an addition function in Python. [[code]]')
    await answered(page)
    await page.waitForTimeout(400)
  },
  resumed: async (page) => {
    await ask(page, 'Tell me about busbars [[drop]]')
    await answered(page)
    await ask(page, 'Too much [[error]]')
    await answered(page)
  },
  busy: async (page) => {
    await ask(page, 'Is there room? [[busy]]')
    await answered(page)
  },
  settings: async (page, phone) => settings(page, phone),
  menu: async (page, phone) => {
    await ask(page, 'Name three metals')
    await answered(page)
    await page.keyboard.press('Control+k')
    await ask(page, 'What conducts better than copper, and why is it seldom used?')
    await answered(page)
    if (phone) await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('button', { name: /Actions for Name/ }).click()
  },
  generate: async (page) => {
    await page.getByText('Generate', { exact: true }).click()
    await page.waitForTimeout(200)
    await page.getByRole('button', { name: /Begin a story/ }).click()
    await answered(page)
  },
  'summary-empty': async (page) => {
    await page.getByText('Summarise', { exact: true }).click()
    await page.waitForTimeout(200)
  },
  'summary-progress': async (page) => {
    await page.getByText('Summarise', { exact: true }).click()
    await page.waitForTimeout(200)
    await ask(page, 'Busbars carry current. '.repeat(300))
    await page.waitForTimeout(1200)
  },
  'images-empty': async (page) => images(page),
  'images-going': async (page) => {
    await images(page)
    await make(page, 'a sleepy octopus with sunglasses, flat style')
    await make(page, 'a very proud penguin wearing a crown')
    await page.getByText(/^Step [6-9] of/).waitFor()
  },
  'images-gallery': async (page) => {
    await gallery(page)
    await make(page, 'a picture that fails [[fail]]')
    await page.getByRole('note').or(page.getByRole('alert')).first().waitFor()
  },
  'images-lightbox': async (page) => {
    await gallery(page)
    await page
      .getByRole('button', { name: /^Open:/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('Seed').waitFor()
  },
  'images-compare': async (page) => {
    await gallery(page)
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page
      .getByRole('button', { name: /^Compare:/ })
      .nth(0)
      .click()
    await page
      .getByRole('button', { name: /^Compare:/ })
      .nth(1)
      .click()
    await page.getByRole('dialog', { name: 'Compare' }).waitFor()
  },
  'images-refused': async (page, phone) => {
    await images(page)
    await settings(page, phone)
    await page.getByLabel('Width', { exact: true }).fill('511')
    if (phone) await page.keyboard.press('Escape')
    await make(page, 'a happy robot')
    await page.getByRole('alert').waitFor()
    await settings(page, phone)
  },
  'classify-empty': async (page) => classify(page),
  'classify-results': async (page) => {
    await classify(page)
    const chooser = page.locator('input[type=file][multiple]')
    const cut = { name: 'cut-off.png', mimeType: 'image/png', buffer: Buffer.from('x') }
    const pictures = ['cat.png', 'bird.png'].map((name) => ({
      name,
      mimeType: 'image/png',
      buffer: SAMPLE,
    }))
    await chooser.setInputFiles([...pictures, cut])
    await page.locator('[data-state="done"]').nth(1).waitFor()
    await page.locator('[data-state="failed"]').waitFor()
    await page.getByRole('button', { name: 'Address' }).click()
  },
  'race-empty': async (page) => {
    await page.goto(`${URL_}/#/race`)
    await page.getByRole('button', { name: 'Start the race' }).waitFor()
    await page.waitForTimeout(200)
  },
  'race-running': async (page) => {
    await page.goto(`${URL_}/#/race`)
    await page.getByLabel('Longest answer').fill('40')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.waitForTimeout(6000)
  },
  'race-done': async (page) => {
    await page.goto(`${URL_}/#/race`)
    await page.getByLabel('Longest answer').fill('20')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText('Done', { exact: true }).waitFor({ timeout: 120_000 })
    await page.getByText('Every run', { exact: true }).click()
  },
}

async function check(page, name) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe?.run(document))
  for (const { id, impact, help, nodes } of found?.violations ?? []) {
    console.log(`${name}: axe ${impact} ${id}: ${help}`)
    for (const node of nodes.slice(0, 4)) {
      console.log(`    ${node.html.slice(0, 140)}\n    ${node.failureSummary?.split('\n')[1]}`)
    }
  }
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  if (wide > 0) console.log(`${name}: ${wide} px too wide`)
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
await mkdir(OUT, { recursive: true })

for (const [scene, play] of Object.entries(SCENES)) {
  if (ONLY && !ONLY.includes(scene)) continue
  for (const [size, viewport] of Object.entries(SIZES)) {
    const context = await browser.newContext({ viewport, bypassCSP: false })
    const page = await context.newPage()
    const name = `${scene}-${size}`
    page.on('pageerror', (fault) => console.log(`${name}: ${fault.message}`))
    page.on('console', (line) => {
      const expected = /Failed to load resource|ERR_INCOMPLETE/.test(line.text())
      if (line.type() === 'error' && !expected) console.log(`${name}: ${line.text()}`)
    })
    if (scene === 'race-done') await page.setViewportSize({ ...viewport, height: 2000 })
    await page.goto(URL_)
    await page.getByRole('textbox').first().waitFor()
    await page.waitForTimeout(150)
    await play(page, size === 'phone')
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.waitForTimeout(150)
      if (!scene.endsWith('ing') && !scene.endsWith('progress'))
        await check(page, `${name}-${scheme}`)
      await page.screenshot({ path: join(OUT, `${name}-${scheme}.png`) })
    }
    await context.close()
  }
}
await browser.close()
