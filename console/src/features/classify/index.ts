// What the app may use of this page.

export { Classify } from './view/Classify'
