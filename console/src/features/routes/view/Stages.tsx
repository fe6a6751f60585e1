// The models that look at pictures, by stage: the candidate, the one in production, the one before it.

import { useId, useState } from 'react'

import { asFailure } from '@/shared/api/failure'
import type { Registry } from '@/shared/api/types'
import { announce } from '@/shared/ui/announce'
import { Button } from '@/shared/ui/Button'
import { Confirm } from '@/shared/ui/Confirm'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Icon } from '@/shared/ui/icons'
import { notify } from '@/shared/ui/notices'

import { useRegistry, useStageChange } from '../asking'
import {
  done,
  others,
  promotion,
  rollback,
  stagesOf,
  versioned,
  type Question,
  type Stage,
} from '../stages'
import styles from './Stages.module.css'

export function Stages() {
  const { data: registry, error } = useRegistry()
  const failure = error ? asFailure(error) : undefined
  if (failure && !registry) return <FailureBox message={failure.message} about={failure} quiet />
  // Where no model looks at pictures there is nothing to promote.
  if (!registry || (registry.models.length === 0 && !registry.aliases.production)) return null
  return <Known registry={registry} />
}

function Known({ registry }: { registry: Registry }) {
  const id = useId()
  const change = useStageChange()
  const [asked, setAsked] = useState<Question>()
  const stages = stagesOf(registry)
  const failure = change.error ? asFailure(change.error) : undefined

  function make(wanted: Question['change']) {
    change.mutate(wanted, {
      onSuccess: (now) => {
        setAsked(undefined)
        announce(done(wanted, now))
        notify(done(wanted, now))
      },
    })
  }

  return (
    <section className={styles['part']} aria-labelledby={id}>
      <div>
        <h2 id={id}>Models by stage</h2>
        <p className={styles['about']}>
          For models that look at pictures. A stage’s name can be asked for like a model’s.
        </p>
      </div>
      <ol className={styles['stages']}>
        {stages.map((stage, index) => (
          <li key={stage.name} className={styles['stage']} data-stage={stage.name}>
            <StageCard
              stage={stage}
              question={questionAt(stage, registry)}
              onAsk={(question) => {
                change.reset()
                setAsked(question)
              }}
            />
            {index + 1 < stages.length && (
              <span className={styles['to']} aria-hidden="true">
                <Icon name="forth" size={20} />
              </span>
            )}
          </li>
        ))}
      </ol>
      {!asked && failure && <FailureBox message={failure.message} about={failure} />}
      <Here
        registry={registry}
        busy={change.isPending}
        onNominate={(model) => make({ to: 'candidate', model })}
      />
      <Before registry={registry} />
      <Confirm
        title={asked?.title ?? ''}
        action={asked?.action ?? ''}
        open={asked !== undefined}
        busy={change.isPending}
        failure={failure}
        onDo={() => asked && make(asked.change)}
        onClose={() => {
          change.reset()
          setAsked(undefined)
        }}
      >
        <p>{asked?.text}</p>
      </Confirm>
    </section>
  )
}

function questionAt({ name }: Stage, registry: Registry): Question | undefined {
  if (name === 'candidate') return promotion(registry)
  return name === 'previous' ? rollback(registry) : undefined
}

interface StageCardProps {
  stage: Stage
  question: Question | undefined
  onAsk: (question: Question) => void
}

function StageCard({ stage, question, onAsk }: StageCardProps) {
  const { title, about, model, none } = stage
  return (
    <div className={styles['card']} data-empty={!model}>
      <h3>{title}</h3>
      {model ? (
        <p className={styles['model']}>
          <strong>{model.model}</strong>
          <Version of={model} />
        </p>
      ) : (
        <p className={styles['none']}>{none}</p>
      )}
      <p className={styles['about']}>{about}</p>
      {question && (
        <div className={styles['do']}>
          <Button
            small
            look={question.change.to === 'promote' ? 'main' : 'plain'}
            icon={question.change.to === 'promote' ? 'up' : 'back'}
            aria-label={`${question.action}: ${model?.model}`}
            onClick={() => onAsk(question)}
          >
            {question.action}
          </Button>
        </div>
      )}
    </div>
  )
}

interface HereProps {
  registry: Registry
  busy: boolean
  onNominate: (model: string) => void
}

function Here({ registry, busy, onNominate }: HereProps) {
  const free = others(registry)
  if (free.length === 0) return null
  return (
    <div className={styles['here']}>
      <h3>Other models here</h3>
      <ul className={styles['list']}>
        {free.map((model) => (
          <li key={model.model}>
            <span className={styles['model']}>
              <span>{model.model}</span>
              <Version of={model} />
            </span>
            <Button
              small
              disabled={busy}
              aria-label={`Make it the candidate: ${model.model}`}
              onClick={() => onNominate(model.model)}
            >
              Make it the candidate
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Before({ registry: { history } }: { registry: Registry }) {
  if (history.length === 0) return null
  return (
    <details className={styles['before']}>
      <summary>In production before, the latest first</summary>
      <ol>
        {history.map((entry, index) => (
          <li key={index} className={styles['model']}>
            <span>{entry.model}</span>
            <Version of={entry} />
          </li>
        ))}
      </ol>
    </details>
  )
}

function Version({ of }: { of: { version?: string | null } }) {
  const version = versioned(of)
  return version === undefined ? null : <code title="The beginning of its version">{version}</code>
}
