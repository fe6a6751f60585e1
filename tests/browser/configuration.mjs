// The configuration of a running server: what serves, what was refused, what differs, and the way back.

import assert from 'node:assert/strict'

import { accessible, listened, onPage, PHONE, picture, press } from './support/browser.mjs'
import { until } from './support/playground.mjs'
import { changingServer } from './support/server.mjs'

const configFor = (pace) => `
[[providers]]
name = "far"
kind = "chaos"
word_ms = ${pace}
[[providers.models]]
id = "distant"
`
const WRONG = `${configFor(9)}[server]\nbody_limit = "much"\n`

const told = async (url) => (await fetch(`${url}/v1/config`)).json()

/** A server that has served two versions, and was offered a wrong one. */
let starting
function started() {
  starting ??= changingServer(() => configFor(1)).then(async (server) => {
    const { url, write } = server
    await until(async () => (await told(url)).version === 1, 'the first version does not serve')
    write(configFor(2))
    await until(async () => (await told(url)).version === 2, 'the second version does not serve')
    write(WRONG)
    await until(async () => (await told(url)).refused, 'the wrong one was not refused')
    return server
  })
  return starting
}
const AT = { path: '/#/configuration', base: async () => (await started()).url }

const region = (page, name) => page.getByRole('region', { name })
const row = (page, number) =>
  region(page, 'Versions')
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: `Version ${number}`, exact: true }) })

for (const [name, more] of [
  ['wide', {}],
  ['wide and dark', { colorScheme: 'dark' }],
  ['on a phone', { viewport: PHONE }],
  ['on a phone and dark', { viewport: PHONE, colorScheme: 'dark' }],
]) {
  onPage(
    `what serves, what was refused and what differs stands there in words, ${name}`,
    async (page) => {
      const standing = region(page, 'Version 2 serves')
      await standing.getByText(/version 3, was refused/).waitFor()
      assert.match(await standing.innerText(), /server\.body_limit/)
      assert.match(await row(page, 3).innerText(), /Refused[^]*server\.body_limit/)
      assert.match(await row(page, 2).innerText(), /Serves now/)
      assert.match(await row(page, 1).innerText(), /Served before/)
      await press(page.getByRole('button', { name: 'What changed in version 2' }))
      const heading = page.getByRole('heading', { name: 'What differs' })
      await heading.and(page.locator(':focus')).waitFor()
      const diff = page.getByRole('group', { name: 'From version 1 to version 2' })
      await diff.getByText('One setting differs.').waitFor()
      assert.match(await diff.innerText(), /providers\[far\]\.word_ms\s+−[^]*1\s+\+[^]*2/)
      await accessible(page, 'the configuration')
      await diff.scrollIntoViewIfNeeded()
      await picture(page, `configuration-${name.replaceAll(' ', '-')}`)
    },
    { ...AT, ...more },
  )

  onPage(
    `going back is asked for first and shows what it changes, ${name}`,
    async (page) => {
      const button = page.getByRole('button', { name: 'Go back to version 1' })
      await press(button)
      const dialog = page.getByRole('dialog', { name: 'Go back to version 1?' })
      await dialog.getByRole('group', { name: 'From version 2 to version 1' }).waitFor()
      await accessible(page, 'the question before going back')
      await picture(page, `configuration-back-${name.replaceAll(' ', '-')}`)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await button.and(page.locator(':focus')).waitFor()
      assert.equal((await told(new URL(page.url()).origin)).version, 2)
    },
    { ...AT, ...more },
  )
}

onPage(
  'the two versions that are compared can be chosen and swapped',
  async (page) => {
    await page.getByRole('combobox', { name: 'From' }).selectOption('Version 1')
    await page.getByRole('combobox', { name: 'To' }).selectOption('Version 3')
    await page.getByRole('group', { name: 'From version 1 to version 3' }).waitFor()
    await page.getByRole('button', { name: 'Swap the two' }).click()
    await page.getByRole('group', { name: 'From version 3 to version 1' }).waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'From' }).inputValue(), '3')
  },
  AT,
)

onPage(
  'a version is gone back to, which serves at once and is said',
  async (page) => {
    const said = await listened(page)
    await press(page.getByRole('button', { name: 'Go back to version 1' }))
    const dialog = page.getByRole('dialog', { name: 'Go back to version 1?' })
    await press(dialog.getByRole('button', { name: 'Go back', exact: true }))
    await region(page, 'Version 1 serves, as chosen')
      .getByText(/Somebody went back/)
      .waitFor()
    await dialog.waitFor({ state: 'hidden' })
    await until(
      async () => /Version 1 serves, as chosen\./.test((await said()).join(' ')),
      'it was not said',
    )
    assert.match(await row(page, 1).innerText(), /Serves now/)
    assert.equal((await told(new URL(page.url()).origin)).version, 1)
    await accessible(page, 'a configuration that was gone back to')
    await picture(page, 'configuration-chosen')
  },
  AT,
)

onPage(
  'a reload says what came of it',
  async (page) => {
    const { write } = await started()
    write(WRONG.replace('much', 'more'))
    const said = await listened(page)
    await press(page.getByRole('button', { name: 'Reload now' }))
    await page
      .getByText(/`more` is no size/)
      .first()
      .waitFor()
    await until(
      async () => /was refused, for 1 reason/.test((await said()).join(' ')),
      'it was not said',
    )
    write(configFor(7))
    await press(page.getByRole('button', { name: 'Reload now' }))
    await until(
      async () => /Version \d+ serves\./.test((await said()).join(' ')),
      'it was not said',
    )
    assert.equal(await page.getByText(/What the source says now/).count(), 0)
  },
  AT,
)

onPage(
  'whoever is no operator is told so, and how to see it nevertheless',
  async (page) => {
    const problem = { title: 'Forbidden', status: 403, code: 'not_an_operator' }
    const detail = 'this server is steered from its own machine only'
    await page.route('**/v1/config*', (route) =>
      route.fulfill({ status: 403, json: { ...problem, detail } }),
    )
    await page.reload()
    await page.getByRole('heading', { name: 'This is not open to you here.' }).waitFor()
    await page.getByText(detail).waitFor()
    await accessible(page, 'a configuration that is not open')
  },
  AT,
)
