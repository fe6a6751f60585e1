// Models by stage, on a server of their own with two small models that look at pictures.

import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { accessible, listened, onPage, PHONE, picture, press } from './support/browser.mjs'
import { until } from './support/playground.mjs'
import { changingServer } from './support/server.mjs'

const FIXTURES = fileURLToPath(new URL('../fixtures/vision', import.meta.url))
const DESCRIPTION = `labels = "labels.txt"
width = 32
height = 32
[resize]
rule = "stretch"
[normalise]
scale = 1.0
mean = [127, 127, 127]
std = [64, 64, 64]
`

function models(folder) {
  for (const name of ['little', 'other']) {
    copyFileSync(join(FIXTURES, `${name}.onnx`), join(folder, `${name}.onnx`))
    writeFileSync(join(folder, `${name}.toml`), DESCRIPTION)
  }
  copyFileSync(join(FIXTURES, 'labels.txt'), join(folder, 'labels.txt'))
  const vision = ['little', 'other'].map((name) => `${name}=${join(folder, name)}.onnx`)
  return `[models]\nvision = ${JSON.stringify(vision)}\n`
}

let starting
function started() {
  starting ??= changingServer(models)
  return starting
}
const base = async () => (await started()).url
const AT = { path: '/#/routes', base }

const stage = (page, name) =>
  page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name, exact: true, level: 3 }) })

async function change(what, model) {
  const answer = await fetch(`${await base()}/v1/registry/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

onPage(
  'before anything was promoted it says who answers nevertheless',
  async (page) => {
    await stage(page, 'Production')
      .getByText(/little answers, the first there is/)
      .waitFor()
    assert.equal(await page.getByRole('button', { name: /^(Promote|Roll back)/ }).count(), 0)
    await accessible(page, 'stages with nothing at them')
    await picture(page, 'stages-empty')
  },
  AT,
)

onPage(
  'a model is made the candidate, promoted and rolled back with the keyboard',
  async (page) => {
    const said = await listened(page)
    await press(page.getByRole('button', { name: 'Make it the candidate: little' }))
    await press(page.getByRole('button', { name: 'Promote: little' }))
    let dialog = page.getByRole('dialog', { name: 'Promote little?' })
    await dialog.waitFor()
    await accessible(page, 'the question before a promotion')
    await press(dialog.getByRole('button', { name: 'Promote' }))
    await dialog.waitFor({ state: 'hidden' })
    await stage(page, 'Production').getByText('little').waitFor()
    await press(page.getByRole('button', { name: 'Make it the candidate: other' }))
    await press(page.getByRole('button', { name: 'Promote: other' }))
    dialog = page.getByRole('dialog', { name: 'Promote other?' })
    await dialog.getByText(/little goes to “previous”/).waitFor()
    await press(dialog.getByRole('button', { name: 'Promote' }))
    await dialog.waitFor({ state: 'hidden' })
    await stage(page, 'Production').getByText('other').waitFor()
    await stage(page, 'Previous').getByText('little').waitFor()
    await press(page.getByRole('button', { name: 'Roll back: little' }))
    dialog = page.getByRole('dialog', { name: 'Roll back to little?' })
    await press(dialog.getByRole('button', { name: 'Roll back' }))
    await dialog.waitFor({ state: 'hidden' })
    await stage(page, 'Production').getByText('little').waitFor()
    await stage(page, 'Candidate').getByText('other').waitFor()
    const aloud =
      /little is the candidate\.[^]*other is in production\.[^]*little is in production\./
    await until(async () => aloud.test((await said()).join(' ')), 'it was not said')
  },
  AT,
)

for (const [name, more] of [
  ['wide', {}],
  ['wide and dark', { colorScheme: 'dark' }],
  ['on a phone', { viewport: PHONE }],
  ['on a phone and dark', { viewport: PHONE, colorScheme: 'dark' }],
]) {
  onPage(
    `models stand at their stages, ${name}`,
    async (page) => {
      await change('promote', 'little')
      await change('promote', 'other')
      await change('candidate', 'little')
      await stage(page, 'Production').getByText('other').waitFor()
      await stage(page, 'Previous').getByText('little').waitFor()
      await accessible(page, 'models by stage')
      await picture(page, `stages-${name.replaceAll(' ', '-')}`)
    },
    { ...AT, ...more },
  )
}

onPage(
  'what is refused is told in the question, and nothing changes',
  async (page) => {
    await change('candidate', 'little')
    await page.getByRole('button', { name: 'Promote: little' }).click()
    const problem = {
      title: 'Service Unavailable',
      status: 503,
      detail: 'the models are still being loaded',
    }
    await page.route('**/v1/registry/promote', (route) =>
      route.fulfill({ status: 503, json: problem }),
    )
    const dialog = page.getByRole('dialog', { name: 'Promote little?' })
    await dialog.getByRole('button', { name: 'Promote' }).click()
    await dialog
      .getByRole('alert')
      .getByText(/still being loaded/)
      .waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    assert.equal(await page.getByRole('alert').count(), 0)
  },
  AT,
)
