// What surrounds every page: server state, the shell, and what is said to the reader.

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Suspense, useEffect } from 'react'

import { Announcer } from '@/shared/ui/Announcer'
import { Notices } from '@/shared/ui/Notices'

import { Boundary } from './Boundary'
import { pageOf } from './pages'
import { usePath } from './router'
import { Shell } from './Shell'

const queries = new QueryClient()

export function App() {
  const page = pageOf(usePath())

  useEffect(() => {
    document.title = `${page.title} · Busbar`
  }, [page])

  return (
    <QueryClientProvider client={queries}>
      <Shell page={page}>
        <Boundary key={page.path}>
          <Suspense>
            <page.View />
          </Suspense>
        </Boundary>
      </Shell>
      <Notices />
      <Announcer />
    </QueryClientProvider>
  )
}
