// Routes as they are, on a server of their own: targets that fail, a host that gets well again, and real
// requests that are tried from the page.

import assert from 'node:assert/strict'

import { accessible, listened, onPage, PHONE, picture, press } from './support/browser.mjs'
import { startHost } from './support/host.mjs'
import { until } from './support/playground.mjs'
import { serverWith } from './support/server.mjs'

const configFor = (host) => `
[routing]
breaker_open = "1s"
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
[[providers]]
name = "far"
kind = "openai"
endpoint = "${host.url}"
api_key = "unused"
[[providers.models]]
id = "distant"
[[routes]]
name = "mending"
[[routes.tiers]]
targets = ["distant"]
[[routes.tiers]]
targets = ["smollm2-135m-instruct"]
[[routes]]
name = "hopeless"
[[routes.tiers]]
targets = ["unreliable"]
`

let starting
function started() {
  starting ??= startHost().then(async (host) => ({ host, url: await serverWith(configFor(host)) }))
  return starting
}
const base = async () => (await started()).url
const AT = { path: '/#/routes', base }
const target = (page, name) =>
  page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name, level: 3 }) })
    .last()

async function ask(model = 'assistant') {
  const body = { model, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }
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
    await target(page, 'bad/unreliable')
      .getByText(/^Breaker (half )?open/)
      .waitFor()
    await target(page, 'local/smollm2-135m-instruct')
      .getByText(/^Breaker closed/)
      .waitFor()
    await accessible(page, 'routes')
  },
  AT,
)

onPage(
  'a breaker closes again when its host is well again',
  async (page) => {
    const { host } = await started()
    host.be('ill')
    for (let asked = 0; asked < 12; asked += 1) await ask('mending')
    await target(page, 'far/distant')
      .getByText(/^Breaker (half )?open/)
      .waitFor()
    host.be('well')
    const closed = target(page, 'far/distant').getByText(/^Breaker closed/)
    await until(async () => {
      await ask('mending')
      return closed.isVisible()
    }, 'the breaker stayed open')
  },
  AT,
)

/** Begins to try a route from its card; gives the answer's group. */
async function tryRoute(page, name) {
  await page.getByRole('button', { name: `Try this route: ${name}` }).press('Enter')
  const prompt = page.getByRole('textbox', { name: 'Prompt' })
  await prompt.and(page.locator(':focus')).waitFor()
  assert.equal(await page.getByRole('combobox', { name: 'Route to try' }).inputValue(), name)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  return page.getByRole('group', { name: `Answer of ${name}` })
}
const fact = (answer, name) =>
  answer.locator('dl > div').filter({ hasText: name }).getByRole('definition').innerText()

for (const [name, more] of [
  ['wide', {}],
  ['wide and dark', { colorScheme: 'dark' }],
  ['on a phone', { viewport: PHONE }],
  ['on a phone and dark', { viewport: PHONE, colorScheme: 'dark' }],
]) {
  onPage(
    `a route is tried with the keyboard and says who answered, ${name}`,
    async (page) => {
      const said = await listened(page)
      const answer = await tryRoute(page, 'assistant')
      await answer.getByText('assistant answered:').waitFor()
      assert.equal(await fact(answer, 'Answered by'), 'local/smollm2-135m-instruct')
      assert.equal(await fact(answer, 'Choice'), 'a model that runs here')
      assert.match(await fact(answer, 'First token'), /s$/)
      assert.match(await fact(answer, 'Total'), /s$/)
      await page.getByRole('button', { name: 'Send' }).and(page.locator(':focus')).waitFor()
      const aloud = (await said()).join(' ')
      assert.match(aloud, /Asking assistant\./)
      assert.match(aloud, /local\/smollm2-135m-instruct answered: \S/)
      await accessible(page, 'a route that was tried')
      await answer.scrollIntoViewIfNeeded()
      await picture(page, `routes-tried-${name.replaceAll(' ', '-')}`)
    },
    { ...AT, ...more },
  )
}

onPage(
  'a stream that another model goes on with is announced',
  async (page) => {
    const { host } = await started()
    host.be('lost')
    const said = await listened(page)
    const answer = await tryRoute(page, 'mending')
    await answer.getByText('A busbar is a strip').waitFor()
    await answer.getByText(/was lost in the middle of its answer/).waitFor()
    await answer.getByText('mending answered:').waitFor()
    assert.equal(await fact(answer, 'Answered by'), 'local/smollm2-135m-instruct')
    await until(
      async () => /was lost in the middle of its answer/.test((await said()).join(' ')),
      'it was not said',
    )
    await picture(page, 'routes-tried-resumed')
    host.be('well')
  },
  AT,
)

onPage(
  'a stopped try keeps what came, and its host is let go',
  async (page) => {
    const { host } = await started()
    host.be('slow')
    const answer = await tryRoute(page, 'mending')
    await answer.getByText('A busbar is a strip').waitFor()
    await page.keyboard.press('Enter')
    await answer.getByText('Stopped.').waitFor()
    await page.getByRole('button', { name: 'Send' }).and(page.locator(':focus')).waitFor()
    await until(() => host.open() === 0, 'the host still answers')
    host.be('well')
  },
  AT,
)

onPage(
  'a route that nobody answers for says so in words',
  async (page) => {
    const answer = await tryRoute(page, 'hopeless')
    await answer.getByRole('alert').waitFor()
    await answer.getByText('hopeless did not answer.').waitFor()
    await accessible(page, 'a route that failed')
    await picture(page, 'routes-tried-failed')
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
