// Every state in light and dark, wide and narrow: accessibility rules, nothing too wide, a picture.

import { readFile } from 'node:fs/promises'

import { accessible, DESKTOP, onPage, PHONE, picture } from './support/browser.mjs'
import { imageJobs } from './support/imageJobs.mjs'
import { ask, ended, mode } from './support/playground.mjs'

const SIZES = { wide: DESKTOP, narrow: PHONE }

const STATES = {
  empty: async () => undefined,
  answer: async (page) => {
    await ask(page, 'Write a Python function that adds two numbers.')
    await ended(page)
  },
  refused: async (page) => {
    await ask(page, 'copper '.repeat(9000))
    await ended(page, 'failed')
  },
  generate: async (page) => {
    await mode(page, 'Generate')
    await page.getByRole('button', { name: /Begin a story/ }).click()
    await ended(page)
  },
  summary: async (page) => {
    await mode(page, 'Summarise')
    await page.getByRole('button', { name: /sample text/ }).click()
    await ended(page)
  },
  settings: async (page) => {
    if (await page.getByRole('complementary', { name: 'Settings' }).isVisible()) return
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('dialog', { name: 'Settings' }).waitFor()
  },
  menu: async (page, narrow) => {
    await page.getByRole('button', { name: /Write a haiku/ }).click()
    await ended(page)
    if (narrow) await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('button', { name: /^Actions for/ }).click()
    await page.getByRole('menu').waitFor()
  },
  'images-first': async (page) => {
    await imageJobs(page)
    await page.getByRole('heading', { name: 'What shall it be?' }).waitFor()
  },
  'images-going': async (page) => {
    const jobs = await imageJobs(page)
    const failed = jobs.add({ prompt: 'a grumpy snail at the beach' })
    jobs.fail(failed, 'the disk is full', 'storage_full')
    const running = jobs.add({ prompt: 'a sleepy octopus with sunglasses' })
    jobs.run(running, 7, 20, { eta_seconds: 62 })
    jobs.add({ prompt: 'a very proud penguin wearing a crown' })
    await page.reload()
    await page.getByText('Step 7 of 20').waitFor()
  },
  'images-refused': async (page) => {
    const jobs = await imageJobs(page)
    const detail = '`steps` must be 1 to 500, not 900'
    jobs.next = [400, { title: 'Bad Request', detail, param: 'steps', request_id: 'r-1' }]
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('a red apple')
    await page.getByRole('button', { name: /^Make/ }).click()
    await page.getByRole('button', { name: 'Show the field' }).click()
    await page.locator('[aria-invalid="true"]').waitFor()
  },
  'images-gallery': async (page) => {
    await pictures(page)
  },
  'images-lightbox': async (page) => {
    await pictures(page)
    await page
      .getByRole('button', { name: /^Open:/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('Seed').waitFor()
  },
  'images-compare': async (page) => {
    await pictures(page)
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    for (const at of [0, 1])
      await page
        .getByRole('button', { name: /^Compare:/ })
        .nth(at)
        .click()
    await page.getByRole('dialog', { name: 'Compare' }).waitFor()
  },
  'classify-first': async (page) => {
    await page.goto(new URL('/#/classify', page.url()).href)
    await page.getByRole('button', { name: 'Choose pictures' }).waitFor()
  },
  classify: async (page) => {
    await page.goto(new URL('/#/classify', page.url()).href)
    const buffer = await readFile(
      new URL('../fixtures/vision/cut-97x61-bicubic.png', import.meta.url),
    )
    const file = (name, content) => ({ name, mimeType: 'image/png', buffer: content })
    const files = [file('own.png', buffer), file('broken.png', Buffer.from('no picture'))]
    await page.locator('input[type=file][multiple]').setInputFiles(files)
    await page.locator('[data-state="done"]').waitFor()
    await page.locator('[data-state="failed"]').waitFor()
    await page.getByRole('button', { name: 'Address' }).click()
  },
  'classify-camera': async (page) => {
    await page.goto(new URL('/#/classify', page.url()).href)
    await page.getByRole('button', { name: 'Camera' }).click()
    await page.locator('button:enabled', { hasText: 'Take the picture' }).waitFor()
  },
  race: async (page) => {
    await page.goto(`${new URL(page.url()).origin}/#/race`)
    await page.getByLabel('Repeats', { exact: true }).fill('3')
    await page.getByLabel('Longest answer, tokens', { exact: true }).fill('16')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText('Done', { exact: true }).waitFor({ timeout: 120_000 })
    await page.getByText('Every run', { exact: true }).click()
  },
}

async function pictures(page) {
  const jobs = await imageJobs(page)
  jobs.succeed(jobs.add({ prompt: 'a happy robot, flat style', count: 5 }), 1, 2, 3, 4, 5)
  await page.reload()
  await page
    .getByRole('button', { name: /^Open:/ })
    .nth(4)
    .waitFor()
}

/** Keeps the answers short where a state only needs some. */
const SHORT = { way: 'sse', sampling: { max_tokens: 90, seed: 1 } }

for (const [state, reach] of Object.entries(STATES)) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    onPage(
      `${state}, ${size}: accessible in light and dark`,
      async (page) => {
        await page.evaluate(
          (settings) => localStorage.setItem('busbar.settings', JSON.stringify(settings)),
          SHORT,
        )
        await page.reload()
        await page.getByRole('button', { name: /Write a haiku/ }).waitFor()
        await reach(page, size === 'narrow')
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await accessible(page, `${state}, ${size}, ${colorScheme}`)
          await picture(page, `${state}-${size}-${colorScheme}`)
        }
      },
      { viewport, reducedMotion: 'reduce' },
    )
  }
}
