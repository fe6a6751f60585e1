// What the app may use of the race.

export { Race } from './view/Race'
