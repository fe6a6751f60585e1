// Where the console starts.

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

// First, so that what is more particular comes after it.
import '@/shared/styles/tokens.css'
import '@/shared/styles/base.css'

import { App } from '@/app/App'
import { session } from '@/shared/api/session'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element `root`.')

// Whoever comes back from the login has a token before the first question.
await session?.finish(new URL(location.href))

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
