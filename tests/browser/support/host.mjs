// A host far away that is well, ill, or lost in the middle of an answer, as a test says.

import { once } from 'node:events'
import { createServer } from 'node:http'

const HEAD = { id: 'far-1', object: 'chat.completion.chunk', created: 0, model: 'far' }
const piece = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, delta, finish_reason }] })}\n\n`

/** Its address, and `be`, which says how it is from now on: `well`, `ill`, `lost` or `slow`. */
export async function startHost() {
  let state = 'well'
  const open = new Set()
  const server = createServer(async (request, answer) => {
    let asked = ''
    for await (const part of request) asked += part
    if (state === 'ill') {
      answer.writeHead(500, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ error: { message: 'This host is ill.' } }))
      return
    }
    if (!JSON.parse(asked).stream) {
      const message = { role: 'assistant', content: 'A busbar is a strip of copper.' }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      answer.writeHead(200, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ ...HEAD, object: 'chat.completion', choices }))
      return
    }
    open.add(answer)
    answer.on('close', () => open.delete(answer))
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.write(piece({ role: 'assistant', content: 'A busbar is a strip' }))
    if (state === 'slow') return
    // What was written leaves before the line is cut.
    if (state === 'lost') setTimeout(() => answer.destroy(), 300)
    else answer.end(`${piece({ content: ' of copper.' })}${piece({}, 'stop')}data: [DONE]\n\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The tests may end while it listens.
  server.unref()
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** How many answers are under way. */
    open: () => open.size,
    be(now) {
      state = now
    },
  }
}
