// Routes as they are, on a server whose first target fails: its breaker opens, and the page says so.
//
// BUSBAR_ROUTES_URL names a server that has these routes already; without it, one is started.

import assert from 'node:assert/strict'

import { accessible, onPage, PHONE } from './support/browser.mjs'
import { serverWith } from './support/server.mjs'

const CONFIG = `
[[providers]]
name = "bad"
kind = "chaos"
faults = [{ kind = "error", percent = 100 }]
[[providers.models]]
id = "unreliable"
[[routes]]
name = "assistant"
instead = "Nobody answers at present."
[[routes.tiers]]
targets = ["unreliable"]
[[routes.tiers]]
targets = ["smollm2-135m-instruct"]
`

let starting
function base() {
  starting ??= process.env.BUSBAR_ROUTES_URL
    ? Promise.resolve(process.env.BUSBAR_ROUTES_URL)
    : serverWith(CONFIG)
  return starting
}
const AT = { path: '/#/routes', base }
const target = (page, name) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, level: 3 }) }).last()

async function ask() {
  const body = { model: 'assistant', max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }
  const answer = await fetch(`${await base()}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200)
}

onPage(
  'a breaker that opens is shown without a reload, in words',
  async (page) => {
    await target(page, 'bad/unreliable').waitFor()
    for (let asked = 0; asked < 12; asked += 1) await ask()
    await target(page, 'bad/unreliable').getByText(/^Breaker (half )?open/).waitFor()
    await target(page, 'local/smollm2-135m-instruct').getByText(/^Breaker closed/).waitFor()
    await accessible(page, 'routes')
  },
  AT,
)

for (const [name, viewport] of [
  ['wide', undefined],
  ['on a phone', PHONE],
]) {
  onPage(
    `explain says who is asked and why nobody else is, ${name}`,
    async (page) => {
      await page.getByRole('checkbox', { name: 'bad/unreliable' }).check()
      await page.getByRole('button', { name: 'Explain' }).click()
      const told = page.getByRole('group', { name: 'Explanation' })
      await told.getByText('it is taken for broken').waitFor()
      const order = await told.getByRole('list').first().innerText()
      assert.match(order, /local\/smollm2-135m-instruct/)
      assert.doesNotMatch(order, /unreliable/)
      await accessible(page, 'routes')
    },
    viewport ? { ...AT, viewport } : AT,
  )
}

onPage(
  'a request that is no JSON is refused beside its field',
  async (page) => {
    const field = page.getByRole('textbox', { name: 'Request' })
    await field.fill('{')
    await page.getByText('This is no JSON object').waitFor()
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    assert.ok(await page.getByRole('button', { name: 'Explain' }).isDisabled())
  },
  AT,
)

onPage(
  'without routes the page shows how to write one',
  async (page) => {
    await page.route('**/v1/routes', (route) => route.fulfill({ json: { routes: [] } }))
    await page.reload()
    await page.getByRole('heading', { name: 'No routes are configured yet.' }).waitFor()
    await page.getByText('[[routes.tiers]]').waitFor()
  },
  AT,
)
