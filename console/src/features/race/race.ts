// The page's one race; it goes on while another page is looked at.

import { ask, socket } from '@/shared/transport'

import { Racing } from './racing'

export const racing = new Racing({
  ask,
  prepare: () => socket.connect(),
  clock: () => performance.now(),
})
