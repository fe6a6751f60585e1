// What the app may use of this page.

export { Configuration } from './view/Configuration'
