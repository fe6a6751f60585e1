// The page: what to race, the lanes while it runs, and what it showed.

import { writers } from '@/shared/api/choice'
import { useModels } from '@/shared/api/models'
import { useStore } from '@/shared/lib/store'
import { announce } from '@/shared/ui/announce'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Page } from '@/shared/ui/Page'

import { WAY_NAME } from '../model'
import { racing } from '../race'
import { verdict } from '../verdict'
import { Form } from './Form'
import { Lanes } from './Lanes'
import { Results } from './Results'

async function start(model: string) {
  await racing.start(model)
  const { phase, runs, settings } = racing.state.get()
  const said = phase === 'done' ? verdict(runs, settings.seed !== undefined) : []
  if (phase !== 'failed') announce(['The race has ended.', ...said].join(' '))
}

export function Race() {
  const state = useStore(racing.state)
  const { data: models = [] } = useModels()
  const { phase, failure, runs } = state

  return (
    <Page
      title="Race"
      lead="The same prompt over REST, SSE and WebSocket, in turns, measured from this page."
    >
      <Form state={state} models={writers(models, true)} onStart={(model) => void start(model)} />
      {phase !== 'idle' && <Lanes state={state} />}
      {failure && (
        <FailureBox message={`${WAY_NAME[failure.way]}: ${failure.message}`} about={failure} />
      )}
      {runs.some(({ round }) => round > 0) && <Results state={state} />}
    </Page>
  )
}
