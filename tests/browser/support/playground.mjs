// What a person does in the playground.

import assert from 'node:assert/strict'

export const field = (page) => page.getByRole('form', { name: 'Write' }).getByRole('textbox')

/** The answer that came last, whatever its state. */
export const lastAnswer = (page) => page.locator('li[data-state]').last()

export async function ask(page, text) {
  const area = field(page)
  await area.fill(text)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

/** Waits until the answer that came last is in one of these states, and gives the state. */
export async function ended(page, ...states) {
  const wanted = states.length > 0 ? states : ['done']
  const selector = wanted.map((state) => `li[data-state="${state}"]:last-of-type`).join(', ')
  await page.locator(selector).last().waitFor({ timeout: 120_000 })
  return lastAnswer(page).getAttribute('data-state')
}

/** Waits until the answer that came last has this much text. */
export async function grown(page, length) {
  await page.waitForFunction((least) => {
    const answers = document.querySelectorAll('li[data-state]')
    const text =
      answers[answers.length - 1]?.querySelector('[class*="markdown"]')?.textContent ?? ''
    return text.length >= least
  }, length)
}

/** What the last answer says, without its buttons and figures. */
export async function textOf(page) {
  return lastAnswer(page).locator('[class*="markdown"]').innerText()
}

/** The figures under the last answer, by name. */
export async function figures(page) {
  const list = lastAnswer(page).locator('dl')
  const names = await list.locator('dt').allInnerTexts()
  const values = await list.locator('dd').allInnerTexts()
  return Object.fromEntries(names.map((name, index) => [name, values[index]]))
}

/** Sets number fields of the settings by their labels; the panel is open on a wide page. */
export async function set(page, settings) {
  const panel = page.getByRole('complementary', { name: 'Settings' })
  for (const [label, value] of Object.entries(settings)) {
    await panel.getByLabel(label, { exact: true }).fill(String(value))
  }
}

export async function transport(page, way) {
  await page.getByLabel('Transport').selectOption(way)
}

export async function mode(page, name) {
  await page.getByRole('group', { name: 'Mode' }).getByText(name, { exact: true }).click()
  await page.getByRole('radio', { name }).and(page.locator(':checked')).waitFor()
}

/** Waits until the sidebar lists conversations of these names, in this order. */
export async function listed(page, ...names) {
  const list = page.getByRole('region', { name: 'Conversations' }).getByRole('listitem')
  await page
    .waitForFunction(
      ([wanted]) => {
        const rows = document.querySelectorAll('[aria-label="Conversations"] li')
        return JSON.stringify([...rows].map((row) => row.innerText.trim())) === wanted
      },
      [JSON.stringify(names)],
    )
    .catch(async () => {
      assert.deepEqual(
        (await list.allInnerTexts()).map((text) => text.trim()),
        names,
      )
    })
}

export async function act(page, conversation, action) {
  await page.getByRole('button', { name: `Actions for ${conversation}` }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

/** How many requests the server has given up because nobody waits for them. */
export async function cancelled(url) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('busbar_engine_requests_cancelled'))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Waits until something is so; the browser cannot be asked for what only the server knows. */
export async function until(isSo, what) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(what)
}

export async function ready(page) {
  await page.getByRole('complementary', { name: 'Sidebar' }).getByText('Server: Ready').waitFor()
}
