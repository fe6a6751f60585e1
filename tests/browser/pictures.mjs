// Pictures of a real model: a job of the server's from the first step to the file.

import assert from 'node:assert/strict'

import { onPage } from './support/browser.mjs'
import { serverUrl } from './support/server.mjs'

const AT = { path: '/#/images' }

const panel = (page) => page.getByRole('complementary', { name: 'Settings' })
const cards = (page) => page.getByRole('region', { name: 'Under way' }).getByRole('listitem')
const tiles = (page) =>
  page.getByRole('region', { name: 'Gallery' }).getByRole('button', { name: /^(Open|Compare):/ })
const card = (page, words) => cards(page).filter({ hasText: words })
const tile = (page, words) => tiles(page).and(page.getByRole('button', { name: words }))

/** A test that needs a model; a server that was started elsewhere may have none. */
function withModel(name, play) {
  onPage(
    name,
    async (page, t) => {
      const { data } = await (await fetch(`${await serverUrl()}/v1/models`)).json()
      if (data.some(({ tasks }) => tasks.includes('image'))) await play(page)
      else t.diagnostic('this server has no model that makes pictures')
    },
    AT,
  )
}

async function make(page, text, settings) {
  for (const [label, value] of Object.entries(settings)) {
    await panel(page).getByLabel(label, { exact: true }).fill(String(value))
  }
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(text)
  await page.getByRole('button', { name: /^Make/ }).click()
}

/** Which step a job is at. */
async function step(page, words) {
  const said = await card(page, words)
    .getByText(/^Step \d+ of/)
    .innerText()
  return Number(/\d+/.exec(said)[0])
}

/** What is seen of a picture, whatever else its file says. */
async function pixels(page, place) {
  return tiles(page)
    .nth(place)
    .getByRole('img')
    .evaluate(async (img) => {
      await img.decode()
      const canvas = document.createElement('canvas')
      canvas.width = img.naturalWidth
      canvas.height = img.naturalHeight
      const context = canvas.getContext('2d')
      context.drawImage(img, 0, 0)
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      return `${canvas.width}x${canvas.height} ${[...data].join(' ')}`
    })
}

withModel('a picture takes shape, also for a page that is loaded again meanwhile', async (page) => {
  await make(page, 'a long way to an apple', { Steps: 100, Pictures: 8, Seed: 3 })
  const going = card(page, 'a long way')
  await going.getByText(/^Step \d+ of 800/).waitFor()
  await going.getByRole('img', { name: 'A first sight of the picture' }).waitFor()
  const before = await step(page, 'a long way')
  await page.reload()
  await going.getByText(/^Step \d+ of 800/).waitFor()
  assert.ok((await step(page, 'a long way')) >= before)
  await going.getByText(/left$/).waitFor()
  await tile(page, /^Open: a long way to an apple/)
    .nth(7)
    .waitFor({ timeout: 200_000 })
  assert.equal(await going.count(), 0)
  const names = await tile(page, /a long way/).evaluateAll((all) =>
    all.map((one) => one.getAttribute('aria-label')),
  )
  assert.deepEqual(
    names.map((name) => name.match(/seed (\d+)/)[1]),
    ['3', '4', '5', '6', '7', '8', '9', '10'],
  )
})

withModel('a job stops before its next step', async (page) => {
  await make(page, 'never to be seen', { Steps: 100, Pictures: 16 })
  await card(page, 'never to be seen')
    .getByText(/^Step \d+ of/)
    .waitFor()
  await page.getByRole('button', { name: 'Cancel: never to be seen' }).click()
  await card(page, 'never to be seen').getByText('Stopped').waitFor()
  await page.getByRole('button', { name: 'Remove: never to be seen' }).click()
  await card(page, 'never to be seen').waitFor({ state: 'detached' })
})

withModel('the same seed is the same picture, and another is another', async (page) => {
  for (const [place, seed] of [5, 5, 6].entries()) {
    await make(page, 'an apple by its seed', { Steps: 4, Seed: seed })
    await tile(page, /an apple by its seed/)
      .nth(place)
      .waitFor()
  }
  const [other, second, first] = [
    await pixels(page, 0),
    await pixels(page, 1),
    await pixels(page, 2),
  ]
  assert.equal(first, second)
  assert.notEqual(first, other)
})

withModel('what the server refuses is told at the field that is wrong', async (page) => {
  await make(page, 'an apple', { Width: 511 })
  assert.match(await page.getByRole('alert').innerText(), /multiple of 8[^]*field width/)
  const field = panel(page).getByLabel('Width', { exact: true })
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
})

withModel('a picture of the gallery is what another one starts from', async (page) => {
  const size = { Width: 64, Height: 64 }
  await make(page, 'an apple to begin with', { ...size, Steps: 4, Seed: 1 })
  await tile(page, /an apple to begin with/)
    .first()
    .click()
  await page.getByRole('dialog').getByRole('button', { name: 'Start from it' }).click()
  await page.getByRole('slider', { name: 'Strength' }).fill('0.5')
  await make(page, 'an apple made of it', {})
  await tile(page, /an apple made of it/)
    .first()
    .click()
  const rows = await page.getByRole('dialog').locator('dl > div').allInnerTexts()
  assert.ok(rows.includes('Strength\n0.5'), rows.join())
})
