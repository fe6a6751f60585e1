// A Busbar server for these tests: started on a free port of this machine, and stopped at the end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

const START_MS = 120_000

/** `aliases`: other names of models, `name=model`. */
export async function startServer(aliases = []) {
  const binary = process.env.TEST_BUSBAR
  if (!binary) throw new Error('TEST_BUSBAR does not name the binary; scripts/clients does.')
  const address = `127.0.0.1:${await freePort()}`
  const flags = ['serve', '--listen', address, '--context', '2048', '--threads', '1', '--log', 'warn']
  // Settings of whoever runs the tests are not ours; where the models are, is.
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('BUSBAR_') || name === 'BUSBAR_HOME',
  )
  const env = { ...Object.fromEntries(kept), BUSBAR_MODELS__ALIASES: aliases.join(',') }
  const child = spawn(binary, flags, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const url = `http://${address}`
  const stop = async () => {
    if (child.exitCode !== null) return child.exitCode
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = await gone
    return code
  }
  try {
    await ready(url, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop, metric: (name) => metric(url, name) }
}

/** A number out of `/metrics`, summed over its labels. */
async function metric(url, name) {
  const read = await (await fetch(`${url}/metrics`)).text()
  const lines = read.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (lines.length === 0) throw new Error(`No metric is called ${name}.`)
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Waits until something is so. */
export async function eventually(so, what) {
  const until = Date.now() + 60_000
  while (!(await so())) {
    if (Date.now() > until) throw new Error(`This has not become so: ${what}.`)
    await pause(20)
  }
}

async function ready(url, child) {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error('The server ended before it was ready.')
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await pause(50)
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

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
