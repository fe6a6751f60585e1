// What to race with.

import { useState } from 'react'

import { pick } from '@/shared/api/choice'
import type { Model } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field, NumberField, SelectField, Switch } from '@/shared/ui/Field'

import type { RaceState } from '../model'
import { racing } from '../race'
import styles from './Form.module.css'

const MOST_REPEATS = 50

interface Props {
  state: RaceState
  models: readonly Model[]
  onStart: (model: string) => void
}

export function Form({ state, models, onStart }: Props) {
  const { settings, phase } = state
  const [chosen, setChosen] = useState(state.model)
  const model = pick(models, chosen)?.id ?? ''
  const running = phase === 'running'
  const sound =
    settings.prompt.trim() !== '' &&
    whole(settings.repeats, MOST_REPEATS) &&
    whole(settings.maxTokens, 100_000)

  return (
    <form
      className={styles['form']}
      aria-label="Race"
      onSubmit={(event) => {
        event.preventDefault()
        if (sound && !running) onStart(model)
      }}
    >
      <fieldset disabled={running}>
        <legend className="sr-only">What to race with</legend>
        <Field label="Prompt">
          {({ id }) => (
            <textarea
              id={id}
              className="input"
              rows={2}
              value={settings.prompt}
              onChange={(event) => racing.configure({ prompt: event.target.value })}
            />
          )}
        </Field>
        <div className={styles['grid']}>
          <SelectField
            label="Model"
            none="No model yet"
            value={model}
            options={models.map(({ id, title }) => ({ value: id, label: title }))}
            onChange={setChosen}
          />
          <NumberField
            label="Repeats"
            min={1}
            max={MOST_REPEATS}
            placeholder=""
            value={settings.repeats || undefined}
            onChange={(repeats) => racing.configure({ repeats: repeats ?? 0 })}
          />
          <NumberField
            label="Longest answer, tokens"
            min={1}
            placeholder=""
            value={settings.maxTokens || undefined}
            onChange={(maxTokens) => racing.configure({ maxTokens: maxTokens ?? 0 })}
          />
        </div>
        <div className={styles['grid']}>
          <Switch
            label="Fixed seed"
            help="Every run writes the same text, so runs are alike and can be compared."
            checked={settings.seed !== undefined}
            onChange={(fixed) => racing.seed(fixed ? 1 : undefined)}
          />
          {settings.seed !== undefined && (
            <NumberField
              label="Seed"
              min={0}
              placeholder=""
              value={settings.seed}
              onChange={(seed) => racing.seed(seed ?? 0)}
            />
          )}
          <Switch
            label="Warm-up round"
            help="One round beforehand that is not counted."
            checked={settings.warmUp}
            onChange={(warmUp) => racing.configure({ warmUp })}
          />
        </div>
      </fieldset>
      <div className={styles['actions']}>
        {running ? (
          <Button key="stop" look="main" icon="stop" onClick={() => racing.stop()}>
            Stop
          </Button>
        ) : (
          <Button key="start" look="main" icon="play" type="submit" disabled={!sound || !model}>
            {phase === 'idle' ? 'Start the race' : 'Race again'}
          </Button>
        )}
      </div>
    </form>
  )
}

function whole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}
