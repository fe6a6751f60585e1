// The page: which configuration serves, what was offered before, what differs, and the way back.

import { useRef, useState } from 'react'

import { asFailure } from '@/shared/api/failure'
import type { ConfigurationVersion } from '@/shared/api/types'
import { announce } from '@/shared/ui/announce'
import { Button } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'
import { notify } from '@/shared/ui/notices'
import { Page } from '@/shared/ui/Page'
import { Welcome } from '@/shared/ui/Welcome'

import { useReload, useStatus, useVersions } from '../asking'
import { firstPair, outcome } from '../words'
import { Compare } from './Compare'
import { Rollback } from './Rollback'
import { Standing } from './Standing'
import { Versions } from './Versions'

export function Configuration() {
  const status = useStatus()
  const versions = useVersions()
  const reload = useReload()
  const [pair, setPair] = useState<[number, number]>()
  const [goal, setGoal] = useState<ConfigurationVersion>()
  const differs = useRef<HTMLHeadingElement>(null)
  const all = versions.data ?? []
  const failure = reload.error ?? status.error ?? versions.error
  const told = failure ? asFailure(failure) : undefined
  const shown = pair ?? firstPair(all)

  function again() {
    reload.mutate(undefined, {
      onSuccess: (now) => {
        announce(outcome(now))
        notify(outcome(now))
      },
    })
  }

  if (told?.code === 'not_an_operator') return <NotAnOperator message={told.message} />
  return (
    <Page
      title="Configuration"
      lead="What serves, what was offered before, and the way back. A change is taken up while the server runs; one that is wrong changes nothing."
      aside={
        <Button icon="retry" aria-disabled={reload.isPending} onClick={again}>
          {reload.isPending ? 'Reading…' : 'Reload now'}
        </Button>
      }
    >
      {told && (
        <FailureBox
          message={status.data ? `${told.message} What stands here may be old.` : told.message}
          about={told}
        />
      )}
      {status.data && <Standing status={status.data} versions={all} />}
      {versions.data?.length === 0 && <Unkept />}
      {all.length > 0 && (
        <>
          <Versions
            versions={all}
            onCompare={(from, to) => {
              setPair([from, to])
              // It stands further down, and is what was asked for.
              differs.current?.focus()
            }}
            onGoBack={setGoal}
          />
          {shown && <Compare versions={all} pair={shown} onChange={setPair} heading={differs} />}
        </>
      )}
      <Rollback goal={goal} serving={status.data?.version} onClose={() => setGoal(undefined)} />
    </Page>
  )
}

function Unkept() {
  return (
    <Welcome
      within
      title="No version is kept yet."
      text="Versions are kept where a configuration comes from a file, AWS AppConfig or the Parameter Store. “busbar config init” writes a file to start from; “busbar serve” keeps each version of it that it is offered."
    />
  )
}

function NotAnOperator({ message }: { message: string }) {
  return (
    <Page title="Configuration" lead="For those who operate this server.">
      <Welcome
        within
        title="This is not open to you here."
        text={`The server says: ${message}. On its own machine, “busbar config history” shows the same.`}
      />
    </Page>
  )
}
