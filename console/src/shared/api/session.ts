// The page's one session, where there is a login.

import { loginOf, Session } from './login'
import { here } from './places'

const login = loginOf(window.BUSBAR)

export const session: Session | undefined =
  login &&
  new Session(login, here(), {
    storage: sessionStorage,
    fetch: (address, init) => fetch(address, init),
    now: Date.now,
    go: (address) => location.assign(address),
    tidy: (address) => history.replaceState(history.state, '', address),
  })
