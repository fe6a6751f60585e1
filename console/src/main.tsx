// Where the console starts.

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

// First, so that what is more particular comes after it.
import '@/shared/styles/tokens.css'
import '@/shared/styles/base.css'

import { App } from '@/app/App'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element `root`.')

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
