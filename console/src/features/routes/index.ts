// What the app may use of this page.

export { Routes } from './view/Routes'
