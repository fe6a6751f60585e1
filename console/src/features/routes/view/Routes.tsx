// The page: every route with its targets as they are, and where a request would go.

import { useRef, useState } from 'react'

import { asFailure } from '@/shared/api/failure'
import { CopyButton } from '@/shared/ui/CopyButton'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Page } from '@/shared/ui/Page'
import { Welcome } from '@/shared/ui/Welcome'

import { useRoutes } from '../asking'
import { Explain } from './Explain'
import { RouteCard } from './RouteCard'
import { Stages } from './Stages'
import { Try } from './Try'
import styles from './Routes.module.css'

const EXAMPLE = `[[routes]]
name = "assistant"
instead = "The assistant cannot answer at present."

[[routes.tiers]]
targets = ["smollm2-135m-instruct"]
`

export function Routes() {
  const { data: routes, error } = useRoutes()
  const failure = error && asFailure(error)
  const [tried, setTried] = useState('')
  const prompt = useRef<HTMLTextAreaElement>(null)

  return (
    <Page
      title="Models & routes"
      lead="Which models are in production, the names that stand over several of them, and how each is. It stays up to date by itself."
    >
      {failure && (
        <FailureBox
          message={routes ? `${failure.message} What stands here may be old.` : failure.message}
          about={failure}
        />
      )}
      <Stages />
      {routes?.length === 0 && (
        <Welcome
          within
          title="No routes are configured yet."
          text="A route is a name that clients ask for. Behind it stand models in tiers: when those of one tier cannot answer, the next is asked. Put this into the configuration, then ask for the model “assistant”:"
        >
          <div className={styles['example']}>
            <pre>{EXAMPLE}</pre>
            <CopyButton text={() => EXAMPLE} what="the example" />
          </div>
        </Welcome>
      )}
      {routes && routes.length > 0 && (
        <>
          {routes.map((route) => (
            <RouteCard
              key={route.name}
              route={route}
              onTry={() => {
                setTried(route.name)
                prompt.current?.focus()
              }}
            />
          ))}
          <Try routes={routes} chosen={tried} onChoose={setTried} prompt={prompt} />
          <Explain routes={routes} />
        </>
      )}
    </Page>
  )
}
