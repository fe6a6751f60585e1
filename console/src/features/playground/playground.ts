// The playground's state: one for the page, so that an answer goes on while another page is looked at.

import { ask, rejoin } from '@/shared/transport'

import { Answers } from './answers'
import { History } from './history'
import { openShelf } from './shelf'

export const history = new History()
export const answers = new Answers(history, { ask, rejoin })

let started = false

/** Reads the history and goes on with what was being written. Once. */
export function startPlayground(): void {
  if (started) return
  started = true
  void openShelf()
    .then((shelf) => history.load(shelf))
    .then(() => answers.rejoin())
  // What was written last must not be lost with the page.
  addEventListener('pagehide', () => void history.flush())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void history.flush()
  })
}
