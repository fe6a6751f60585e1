// Every state in light and dark, wide and narrow: accessibility rules, nothing too wide, a picture.

import { accessible, DESKTOP, onPage, PHONE, picture } from './support/browser.mjs'
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
  race: async (page) => {
    await page.goto(`${new URL(page.url()).origin}/#/race`)
    await page.getByLabel('Repeats', { exact: true }).fill('3')
    await page.getByLabel('Longest answer, tokens', { exact: true }).fill('16')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText('Done', { exact: true }).waitFor({ timeout: 120_000 })
    await page.getByText('Every run', { exact: true }).click()
  },
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
