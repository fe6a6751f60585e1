// The server under test: one that runs already, or one that is started here and stopped at the end.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A small window, so that a text that is longer than it is quickly read. */
const WINDOW = '1024'
/** The other processor is the browser's: two threads that wait for one another would wait for it. */
const THREADS = '1'
const START_MS = 120_000

const TEXT = 'smollm2-135m-instruct'
const SIGHT = 'efficientnet-lite0'
/** A pipeline with weights by chance: what it makes is noise, and it makes it as any other does. */
const PIPELINE = fileURLToPath(new URL('../../fixtures/diffusion/sd2', import.meta.url))
const MODELS = {
  BUSBAR_MODELS: TEXT,
  BUSBAR_MODELS__VISION: SIGHT,
  BUSBAR_MODELS__IMAGES: `tiny-diffusion=${PIPELINE}`,
}

let child
let starting
let home
const others = []

/** Its address, once it is ready. */
export function serverUrl() {
  starting ??= start()
  return starting
}

/** The address of one more server, with a configuration of its own; it is stopped with the first one. */
export async function serverWith(config) {
  return (await changingServer(() => config)).url
}

/**
 * The same, with a way to change its configuration. `config` is asked for the first one, and gets the folder
 * that the file lies in.
 */
export async function changingServer(config) {
  const binary = process.env.TEST_BUSBAR
  if (!binary) throw new Error('TEST_BUSBAR is not set.')
  const folder = homeBeside(binary)
  const file = join(folder, 'busbar.toml')
  writeFileSync(file, config(folder))
  const address = `127.0.0.1:${await freePort()}`
  const flags = ['serve', '--config', file, '--listen', address, '--home', folder, '--log', 'error']
  const env = { ...process.env, BUSBAR_MODELS: TEXT }
  const size = ['--context', WINDOW, '--threads', THREADS]
  const started = spawn(binary, [...flags, ...size], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  others.push({ process: started, folder })
  const url = await ready(`http://${address}`)
  return { url, write: (text) => writeFileSync(file, text) }
}

export async function stopServer() {
  for (const { process, folder } of others.splice(0)) {
    const gone = once(process, 'exit')
    if (process.exitCode === null) {
      process.kill('SIGTERM')
      await gone
    }
    rmSync(folder, { recursive: true, force: true })
  }
  if (!child || child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
  rmSync(home, { recursive: true, force: true })
}

/** What it says of its first model. */
export async function firstModel() {
  const answer = await fetch(`${await serverUrl()}/v1/models`)
  const { data } = await answer.json()
  return data.find((model) => model.default) ?? data[0]
}

async function start() {
  const given = process.env.BUSBAR_URL
  if (given) return ready(given.replace(/\/$/, ''))
  const binary = process.env.TEST_BUSBAR
  if (!binary) throw new Error('Neither BUSBAR_URL nor TEST_BUSBAR is set.')
  const address = `127.0.0.1:${await freePort()}`
  const size = ['--context', WINDOW, '--threads', THREADS]
  home = homeBeside(binary)
  const flags = ['serve', '--listen', address, '--home', home, ...size, '--log', 'warn']
  const env = { ...process.env, ...MODELS }
  child = spawn(binary, flags, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  return ready(`http://${address}`)
}

/** A home of the tests' own, so that no jobs of other times are in it; the models are where they are. */
function homeBeside(binary) {
  const file = execFileSync(binary, ['models', 'path', TEXT], { encoding: 'utf8' }).trim()
  const folder = mkdtempSync(join(tmpdir(), 'busbar-browser-'))
  symlinkSync(dirname(dirname(file)), join(folder, 'models'))
  return folder
}

async function ready(url) {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    if (child && child.exitCode !== null) throw new Error('The server ended before it was ready.')
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return url
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${url} was not ready in time.`)
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}
