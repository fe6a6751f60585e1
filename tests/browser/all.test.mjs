// The console in a real browser, against a real server with a real model. One server, one browser.
//
// BUSBAR_URL names a server that runs already; without it, the binary in TEST_BUSBAR is started.
// CHROMIUM names the browser. Pictures of every state go to SCREENSHOTS, by default ./screenshots.

import { after } from 'node:test'

import { closeBrowser } from './support/browser.mjs'
import { stopServer } from './support/server.mjs'

import './answers.mjs'
import './history.mjs'
import './connection.mjs'
import './modes.mjs'
import './shell.mjs'
import './race.mjs'
import './classify.mjs'
import './images.mjs'
import './routes.mjs'
import './stages.mjs'
import './configuration.mjs'
import './pictures.mjs'
import './looks.mjs'

after(async () => {
  await closeBrowser()
  await stopServer()
})
