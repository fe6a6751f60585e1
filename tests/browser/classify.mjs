// What is on pictures: every way in, and what comes out.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { listened, onPage, PHONE } from './support/browser.mjs'
import { serverUrl } from './support/server.mjs'

const FIXTURES = new URL('../fixtures/vision/', import.meta.url)
const OWN = new URL('cut-97x61-bicubic.png', FIXTURES)
/** Real photos with known answers, where they are beside this checkout. */
const PHOTOS = new URL('../../../shared/models/mobilenet-v2/', import.meta.url)
const KNOWN = [
  ['cat.bmp', /Egyptian cat/i, 0.516],
  ['bird.bmp', /chickadee/i, 0.9],
]
const AT = { path: '/#/classify' }

const card = (page, name) => page.getByRole('listitem').filter({ hasText: name })
const bars = (page, name) => card(page, name).getByRole('list').getByRole('listitem')

async function own(name = 'own.png') {
  return { name, mimeType: 'image/png', buffer: await readFile(OWN) }
}

async function add(page, ...files) {
  await page.locator('input[type=file][multiple]').setInputFiles(files)
}

async function done(page, name) {
  await card(page, name).and(page.locator('[data-state="done"]')).waitFor()
}

/** What the server itself answers for a picture. */
async function predicted(file, topK) {
  const url = `${await serverUrl()}/predict?top_k=${topK}`
  const headers = { 'content-type': file.mimeType }
  return (await fetch(url, { method: 'POST', headers, body: file.buffer })).json()
}

/** Lets a picture fall on the page, or pastes it, as a browser reports either. */
async function hand(page, kind, { name, mimeType, buffer }) {
  await page.getByRole('button', { name: 'Choose pictures' }).waitFor()
  await page.evaluate(
    ({ kind, name, mimeType, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      const carried = new DataTransfer()
      carried.items.add(new File([bytes], name, { type: mimeType }))
      const about = { bubbles: true, cancelable: true }
      if (kind === 'paste') {
        document.body.dispatchEvent(
          new ClipboardEvent('paste', { ...about, clipboardData: carried }),
        )
        return
      }
      for (const step of ['dragenter', 'dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(step, { ...about, dataTransfer: carried }))
    },
    { kind, name, mimeType, base64: buffer.toString('base64') },
  )
}

onPage(
  'a picture gets the labels and the scores that the server gives it',
  async (page) => {
    const file = await own()
    const { model, predictions } = await predicted(file, 5)
    await page.getByRole('slider', { name: 'Threshold' }).fill('0')
    await add(page, file)
    await done(page, 'own.png')
    const shown = await bars(page, 'own.png').allInnerTexts()
    assert.equal(shown.length, 5)
    predictions.forEach(({ label, score }, index) => {
      const [name, share] = shown[index].split('\n')
      assert.equal(name, label)
      const told = share.startsWith('<') ? 0 : Number.parseFloat(share) / 100
      assert.ok(Math.abs(told - score) < 0.0011, `${name}: ${share} for ${score}`)
    })
    assert.ok((await card(page, 'own.png').innerText()).includes(model))
    assert.match(await card(page, 'own.png').innerText(), /\d m?s/)
  },
  AT,
)

onPage(
  'photos are seen for what they are',
  async (page, t) => {
    if (!existsSync(new URL('cat.bmp', PHOTOS))) {
      t.diagnostic('the photos are not beside this checkout')
      return
    }
    const photos = KNOWN.map(([name]) => ({ name, mimeType: 'image/bmp' }))
    for (const photo of photos) photo.buffer = await readFile(new URL(photo.name, PHOTOS))
    await add(page, ...photos)
    for (const [name, label, score] of KNOWN) {
      await done(page, name)
      const [first, share] = (await bars(page, name).first().innerText()).split('\n')
      assert.match(first, label)
      assert.ok(Math.abs(Number.parseFloat(share) / 100 - score) < 0.02, `${first}: ${share}`)
    }
  },
  AT,
)

for (const kind of ['drop', 'paste']) {
  onPage(
    `a picture comes by ${kind}`,
    async (page) => {
      await hand(page, kind, await own('handed.png'))
      await done(page, 'handed.png')
    },
    AT,
  )
}

onPage(
  'a picture comes from the camera, and the camera is let go',
  async (page) => {
    await page.getByRole('button', { name: 'Camera' }).click()
    const camera = page.getByRole('dialog', { name: 'Camera' })
    await camera.getByRole('button', { name: 'Take the picture' }).click()
    await camera.waitFor({ state: 'hidden' })
    await done(page, 'camera.jpg')
  },
  AT,
)

onPage(
  'an address is fetched by the server, and what it refuses is told with the field',
  async (page) => {
    await page.getByRole('button', { name: 'Address' }).click()
    const field = page.getByRole('textbox', { name: 'Address of a picture' })
    await field.fill('a cat')
    await field.press('Enter')
    await page.getByText('That is no address').waitFor()
    await field.fill('http://127.0.0.1:1/cat.png')
    await field.press('Enter')
    const alert = card(page, 'cat.png · 127.0.0.1').getByRole('alert')
    assert.match(await alert.innerText(), /image_url/)
  },
  AT,
)

onPage(
  'one that cannot be read spoils no other, and can be tried again',
  async (page) => {
    const broken = { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') }
    await add(page, await own(), broken, await own('second.png'))
    await done(page, 'own.png')
    await done(page, 'second.png')
    const alert = card(page, 'broken.png').getByRole('alert')
    assert.match(await alert.innerText(), /status 400 · field image/)
    await alert.getByRole('button', { name: 'Try again' }).click()
    await alert.waitFor()
    await page.getByRole('button', { name: 'Remove broken.png' }).click()
    await card(page, 'broken.png').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Clear' }).click()
    assert.equal(await page.getByRole('region', { name: 'Results' }).count(), 0)
  },
  AT,
)

onPage(
  'top-k and threshold change what is shown, at once and without asking again',
  async (page) => {
    let asked = 0
    page.on('request', (request) => (asked += request.url().includes('/predict') ? 1 : 0))
    await page.getByRole('slider', { name: 'Threshold' }).fill('0')
    await add(page, await own())
    await done(page, 'own.png')
    await page.getByRole('slider', { name: 'Top-k' }).fill('9')
    assert.equal(await bars(page, 'own.png').count(), 9)
    await page.getByRole('slider', { name: 'Threshold' }).fill('1')
    await page.getByText('Every score is below the threshold').waitFor()
    assert.equal(asked, 1)
    await page.reload()
    assert.equal(await page.getByRole('slider', { name: 'Top-k' }).inputValue(), '9')
  },
  AT,
)

onPage(
  'an answer is said once, and several by their number',
  async (page) => {
    const said = await listened(page)
    await add(page, await own('first.png'))
    await done(page, 'first.png')
    await page.waitForFunction(() => globalThis.said.length === 1)
    assert.match((await said())[0], /^first\.png: .+, [<\d.]+ %\.$/)
    await add(page, await own('a.png'), await own('b.png'), await own('c.png'))
    for (const name of ['a.png', 'b.png', 'c.png']) await done(page, name)
    await page.waitForFunction(() => globalThis.said.length === 2)
    assert.equal((await said())[1], '3 pictures looked at.')
  },
  AT,
)

onPage(
  'without a model the page says how to get one',
  async (page) => {
    await page.route('**/v1/models', (route) =>
      route.fulfill({ json: { object: 'list', data: [] } }),
    )
    await page.reload()
    await page.getByRole('heading', { name: 'No model here looks at pictures yet.' }).waitFor()
    await page.getByText('busbar models pull efficientnet-lite0').waitFor()
  },
  AT,
)

onPage(
  'on a phone what was added is brought into sight',
  async (page) => {
    await add(page, await own())
    await done(page, 'own.png')
    await page.waitForFunction(() => {
      const { top, bottom } = document.querySelector('[data-state="done"]').getBoundingClientRect()
      return bottom > 0 && top < innerHeight
    })
  },
  { ...AT, viewport: PHONE },
)
