// Signing in and out, where the page has a login.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

import type { Session } from '@/shared/api/login'
import { session } from '@/shared/api/session'
import { useStore } from '@/shared/lib/store'
import { Button } from '@/shared/ui/Button'

export function SignIn() {
  return session ? <Door session={session} /> : null
}

function Door({ session }: { session: Session }) {
  const here = useStore(session.here)
  const queries = useQueryClient()
  // What was refused before is asked for again.
  useEffect(() => void queries.invalidateQueries(), [here, queries])
  return here ? (
    <Button look="quiet" small onClick={() => session.leave()}>
      Sign out
    </Button>
  ) : (
    <Button look="main" small onClick={() => void session.begin()}>
      Sign in
    </Button>
  )
}
