// The server under test: one that runs already, or one that is started here and stopped at the end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** A small window, so that a text that is longer than it is quickly read. */
const WINDOW = '1024'
/** The other processor is the browser's: two threads that wait for one another would wait for it. */
const THREADS = '1'
const START_MS = 120_000

let child
let starting

/** Its address, once it is ready. */
export function serverUrl() {
  starting ??= start()
  return starting
}

export async function stopServer() {
  if (!child || child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
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
  const flags = ['serve', '--listen', address, ...size, '--log', 'warn']
  child = spawn(binary, flags, { stdio: ['ignore', 'inherit', 'inherit'] })
  return ready(`http://${address}`)
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
