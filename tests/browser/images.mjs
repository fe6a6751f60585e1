// Pictures as jobs: asked for, watched, kept, compared, removed. The jobs are led by the test here, so
// that every state can be looked at.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

import { listened, onPage, PHONE } from './support/browser.mjs'
import { imageJobs } from './support/imageJobs.mjs'
import { until } from './support/playground.mjs'

const prompt = (page) => page.getByRole('textbox', { name: 'Prompt', exact: true })
const cards = (page) => page.getByRole('region', { name: 'Under way' }).getByRole('listitem')
const tiles = (page) =>
  page.getByRole('region', { name: 'Gallery' }).getByRole('button', { name: /^(Open|Compare):/ })
const panel = (page) => page.getByRole('complementary', { name: 'Settings' })

async function make(page, text) {
  await prompt(page).fill(text)
  await page.getByRole('button', { name: /^Make/ }).click()
}

/** A gallery of pictures with these seeds, the last first. */
async function gallery(page, ...seeds) {
  const jobs = await imageJobs(page)
  for (const seed of seeds) jobs.succeed(jobs.add({ prompt: `picture ${seed}` }), seed)
  await page.reload()
  await tiles(page)
    .nth(seeds.length - 1)
    .waitFor()
  return jobs
}

onPage('a picture is asked for, takes shape, and is there', async (page) => {
  const jobs = await imageJobs(page)
  await panel(page).getByLabel('Steps', { exact: true }).fill('24')
  await panel(page).getByLabel('Seed', { exact: true }).fill('0')
  await page.getByRole('textbox', { name: 'Negative prompt' }).fill('text')
  await make(page, 'a red apple')
  const card = cards(page).first()
  await card.getByText('Waiting: next in line').waitFor()
  const [{ key, body }] = jobs.submitted
  assert.match(key, /^\w{10,}$/)
  assert.deepEqual(body, {
    model: 'test-diffusion',
    prompt: 'a red apple',
    negative_prompt: 'text',
    steps: 24,
    seed: 0,
    count: 1,
    format: 'png',
    preview_every: 2,
  })

  jobs.run(jobs.latest, 7, 20, { eta_seconds: 62, seconds_per_step: 5 })
  await card.getByText('Step 7 of 20').waitFor()
  await card.getByText('35 %').waitFor()
  await card.getByText(/about (6[0-2]|5\d) s left/).waitFor()
  assert.equal(await card.getByRole('progressbar').getAttribute('value'), '7')
  const preview = card.getByRole('img', { name: 'A first sight of the picture' })
  assert.ok(await preview.evaluate((img) => img.decode().then(() => img.naturalWidth > 0)))

  jobs.succeed(jobs.latest, 0)
  await page.getByRole('button', { name: 'Open: a red apple, seed 0' }).waitFor()
  assert.equal(await cards(page).count(), 0)
})

onPage('a page that is loaded again in the middle still has the job', async (page) => {
  const jobs = await imageJobs(page)
  await make(page, 'a red apple')
  jobs.run(jobs.latest, 3, 20)
  await cards(page).getByText('Step 3 of 20').waitFor()
  await page.reload()
  await cards(page).getByText('Step 3 of 20').waitFor()
  assert.equal(await prompt(page).inputValue(), 'a red apple', 'what was written is kept')
  jobs.run(jobs.latest, 12, 20)
  await cards(page).getByText('Step 12 of 20').waitFor()
  jobs.succeed(jobs.latest, 5)
  await tiles(page).first().waitFor()
  assert.equal(jobs.submitted.length, 1)
})

onPage('an answer that was lost makes no second picture', async (page) => {
  const jobs = await imageJobs(page)
  jobs.next = 'lost'
  await make(page, 'a red apple')
  await cards(page).first().waitFor()
  await until(() => jobs.submitted.length === 2, 'it was not asked for again')
  assert.equal(jobs.submitted[0].key, jobs.submitted[1].key)
  assert.equal(jobs.all.length, 1)
})

onPage('a job is stopped wherever it is', async (page) => {
  const jobs = await imageJobs(page)
  await make(page, 'one that runs')
  const running = jobs.latest
  jobs.run(running, 3, 20)
  await make(page, 'one that waits')
  await page.getByRole('button', { name: 'Cancel: one that waits' }).click()
  await cards(page).filter({ hasText: 'one that waits' }).getByText('Stopped').waitFor()
  await page.getByRole('button', { name: 'Cancel: one that runs' }).click()
  await cards(page).getByText('Stopping before the next step').waitFor()
  jobs.end(running, 'cancelled')
  await cards(page).filter({ hasText: 'one that runs' }).getByText('Stopped').waitFor()
})

for (const [size, viewport] of [
  ['wide', undefined],
  ['narrow', PHONE],
]) {
  onPage(
    `a refusal names the field, and leads to it, ${size}`,
    async (page) => {
      const jobs = await imageJobs(page)
      const detail = '`width` must be a multiple of 8 from 64 to 2048, not 511'
      jobs.next = [400, { title: 'Bad Request', detail, param: 'width', request_id: 'r-1' }]
      await make(page, 'a red apple')
      const alert = page.getByRole('alert')
      assert.match(await alert.innerText(), /multiple of 8[^]*field width/)
      await alert.getByRole('button', { name: 'Show the field' }).click()
      const field = page.getByLabel('Width', { exact: true })
      await field.and(page.locator(':focus')).waitFor()
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      const about = await field.getAttribute('aria-describedby')
      assert.ok((await page.locator(`[id="${about}"]`).innerText()).includes('multiple of 8'))
    },
    viewport && { viewport },
  )
}

onPage('what failed says why, and is tried again as it was asked', async (page) => {
  const jobs = await imageJobs(page)
  await panel(page).getByLabel('Seed', { exact: true }).fill('7')
  await make(page, 'a red apple')
  jobs.run(jobs.latest, 3, 20)
  jobs.fail(jobs.latest, 'the disk is full', 'storage_full')
  const alert = page.getByRole('alert')
  assert.match(await alert.innerText(), /The disk is full.*tried 3 times/)
  await prompt(page).fill('something else by now')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await cards(page).getByText('Waiting: next in line').waitFor()
  const [first, second] = jobs.submitted
  assert.notEqual(first.key, second.key)
  assert.equal(second.body.prompt, 'a red apple')
  assert.equal(second.body.seed, 7)
  // One that had failed before the page came is no news, and no alert.
  await page.reload()
  await page.getByRole('note').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
})

onPage('the keys go through the gallery, and the focus comes back', async (page) => {
  await gallery(page, 1, 2, 3)
  const first = tiles(page).first()
  await first.focus()
  await page.keyboard.press('Enter')
  const box = page.getByRole('dialog')
  await box.getByText('picture 3', { exact: true }).waitFor()
  await page.keyboard.press('ArrowRight')
  await box.getByText('picture 2', { exact: true }).waitFor()
  await page.keyboard.press('End')
  await box.getByText('picture 1', { exact: true }).waitFor()
  await page.keyboard.press('ArrowRight')
  await box.getByRole('heading', { name: 'Picture 3 of 3' }).waitFor()
  await page.keyboard.press('Home')
  await box.getByText('picture 3', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await box.waitFor({ state: 'hidden' })
  await first.and(page.locator(':focus')).waitFor()
})

onPage('a recipe is shown, taken over, and goes with the file', async (page) => {
  const jobs = await gallery(page, 4294967295)
  await tiles(page).first().click()
  const box = page.getByRole('dialog')
  const rows = await box.locator('dl > div').allInnerTexts()
  const recipe = Object.fromEntries(rows.map((row) => row.split('\n')))
  assert.equal(recipe.Seed, '4294967295')
  assert.equal(recipe.Size, '64 × 64')
  assert.equal(recipe.Scheduler, 'ddim')

  const waiting = page.waitForEvent('download')
  await box.getByRole('button', { name: 'Download' }).click()
  const download = await waiting
  assert.equal(download.suggestedFilename(), 'picture-4294967295-4294967295.png')
  assert.deepEqual(await readFile(await download.path()), jobs.png)

  await box.getByRole('button', { name: 'Use these settings' }).click()
  await box.waitFor({ state: 'hidden' })
  assert.equal(await panel(page).getByLabel('Seed', { exact: true }).inputValue(), '4294967295')
  assert.equal(await panel(page).getByLabel('Width', { exact: true }).inputValue(), '64')
  assert.equal(await prompt(page).inputValue(), 'picture 4294967295')
  await page.reload()
  assert.equal(await panel(page).getByLabel('Seed', { exact: true }).inputValue(), '4294967295')
})

onPage('two seeds lie side by side, and what differs is said', async (page) => {
  const jobs = await imageJobs(page)
  jobs.succeed(jobs.add({ prompt: 'a red apple', count: 2 }), 1, 2)
  await page.reload()
  await page.getByRole('button', { name: 'Compare', exact: true }).click()
  await tiles(page).nth(0).click()
  await tiles(page).nth(1).click()
  const box = page.getByRole('dialog', { name: 'Compare' })
  await box.getByText('They differ in: seed.').waitFor()
  assert.equal(await box.getByRole('img', { name: 'a red apple' }).count(), 2)
  assert.equal(await box.getByRole('row', { name: 'Seed 1 2' }).count(), 1)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Compare', exact: true }).waitFor()
})

onPage('what is deleted can be had back for a while, and is gone after it', async (page) => {
  const jobs = await gallery(page, 1, 2)
  const away = async () => {
    await page.getByRole('button', { name: 'Open: picture 2, seed 2' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByText('picture 1', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await tiles(page).nth(1).waitFor({ state: 'detached' })
  }
  await away()
  await page.getByRole('button', { name: 'Undo' }).click()
  await tiles(page).nth(1).waitFor()
  assert.deepEqual(jobs.removed, [])
  const { id } = jobs.latest
  await away()
  // Whoever leaves meant it.
  await page.evaluate(() => dispatchEvent(new Event('pagehide')))
  await until(() => jobs.removed.includes(id), 'it was not removed')
})

onPage('a picture to start from goes with the words', async (page) => {
  const jobs = await imageJobs(page)
  await page.getByRole('button', { name: 'Start from a picture' }).click()
  const group = page.getByRole('group', { name: 'Picture to start from' })
  const start = { name: 'start.png', mimeType: 'image/png', buffer: jobs.png }
  await group.locator('input[type=file]:not([capture])').setInputFiles(start)
  await page.getByRole('img', { name: 'Start: start.png' }).waitFor()
  await page.getByRole('slider', { name: 'Strength' }).fill('0.35')
  await make(page, 'a red apple')
  await cards(page).first().waitFor()
  const { image, strength } = jobs.submitted[0].body
  assert.equal(strength, 0.35)
  assert.equal(image, `data:image/png;base64,${jobs.png.toString('base64')}`)

  // The job is made again from the same picture, though the server does not give it back.
  await page.getByRole('button', { name: 'Do not start from start.png' }).click()
  jobs.fail(jobs.latest, 'its worker was lost', 'worker_lost')
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click()
  await until(() => jobs.submitted.length === 2, 'it was not asked for again')
  assert.equal(jobs.submitted[1].body.image, image)
  assert.equal(jobs.submitted[1].body.strength, 0.35)
})

onPage('steps do not chatter: a quarter is said, and the end', async (page) => {
  const jobs = await imageJobs(page)
  await make(page, 'a red apple')
  await cards(page).first().waitFor()
  const said = await listened(page)
  for (const step of [1, 2, 3, 4]) {
    jobs.run(jobs.latest, step, 8, { eta_seconds: 30 })
    await cards(page).getByText(`Step ${step} of 8`).waitFor()
  }
  jobs.succeed(jobs.latest, 1)
  await tiles(page).first().waitFor()
  await page.waitForFunction(() => globalThis.said.length >= 3)
  assert.deepEqual(await said(), [
    '25 %, about 30 s left.',
    '50 %, about 30 s left.',
    'The picture is ready: a red apple.',
  ])
})

onPage('a picture that is ready is told on another page', async (page) => {
  const jobs = await imageJobs(page)
  await make(page, 'a red apple')
  jobs.run(jobs.latest, 3, 20)
  await cards(page).getByText('Step 3 of 20').waitFor()
  await page.getByRole('link', { name: 'Race' }).click()
  await page.getByRole('heading', { name: 'Race' }).waitFor()
  jobs.succeed(jobs.latest, 1)
  await page.getByText('The picture is ready.', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Show' }).click()
  await tiles(page).first().waitFor()
})

onPage('a gallery goes on with older ones', async (page) => {
  const jobs = await imageJobs(page)
  for (let seed = 1; seed <= 40; seed += 1) jobs.succeed(jobs.add({ prompt: 'p' }), seed)
  await page.reload()
  await tiles(page).nth(29).waitFor()
  assert.equal(await tiles(page).count(), 30)
  await page.getByRole('button', { name: 'Show older ones' }).click()
  await tiles(page).nth(39).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Show older ones' }).count(), 0)
})

onPage('a server that is out of reach is waited for', async (page) => {
  const jobs = await imageJobs(page)
  await make(page, 'a red apple')
  jobs.run(jobs.latest, 3, 20)
  await cards(page).getByText('Step 3 of 20').waitFor()
  const away = /\/v1\/images\/jobs\/.+/
  await page.route(away, (route) => route.abort('connectionrefused'))
  await page.getByText('The server is out of reach.').waitFor()
  await page.unroute(away)
  jobs.run(jobs.latest, 9, 20)
  await cards(page).getByText('Step 9 of 20').waitFor()
  await page.getByText('The server is out of reach.').waitFor({ state: 'detached' })
})

onPage(
  'without a model the page says how to get one',
  async (page) => {
    await page.route('**/v1/models', (route) =>
      route.fulfill({ json: { object: 'list', data: [] } }),
    )
    await page.route('**/v1/images/jobs*', (route) =>
      route.fulfill({ json: { object: 'list', data: [] } }),
    )
    await page.reload()
    await page.getByRole('heading', { name: 'No model here makes pictures yet.' }).waitFor()
  },
  { path: '/#/images' },
)
