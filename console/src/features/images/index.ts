// What the app may use of this page.

export { Images } from './view/Images'
