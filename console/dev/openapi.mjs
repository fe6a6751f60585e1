// Takes the API's description from the server at BUSBAR_URL; `npm run api` makes the types of it.

import { writeFile } from 'node:fs/promises'

const server = process.env.BUSBAR_URL ?? 'http://127.0.0.1:8080'
const document = await (await fetch(`${server}/openapi.json`)).json()
const file = new URL('../openapi.json', import.meta.url)
await writeFile(file, `${JSON.stringify(document, null, 2)}\n`)
