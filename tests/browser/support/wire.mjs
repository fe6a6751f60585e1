// A wire between the browser and the server that can be cut.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Listens on an address of its own and passes everything on to `url`. */
export async function wireTo(url) {
  const { hostname, port } = new URL(url)
  const ends = new Set()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const end of [near, far]) {
      ends.add(end)
      end.on('close', () => ends.delete(end))
      // A cut is what this is for.
      end.on('error', () => undefined)
    }
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Breaks every connection at once, as a lost network does. */
    cut() {
      for (const end of ends) end.resetAndDestroy()
    },
    close() {
      this.cut()
      server.close()
    },
  }
}
