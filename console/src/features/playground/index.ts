// What the app may use of the playground.

export { Playground } from './view/Playground'
