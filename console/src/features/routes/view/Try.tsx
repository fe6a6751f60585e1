// A real request to a route: its answer as it comes, and how it came about.

import { useEffect, useId, useState, type RefObject } from 'react'

import type { Route } from '@/shared/api/types'
import { useStore } from '@/shared/lib/store'
import { ask } from '@/shared/transport'
import { announce } from '@/shared/ui/announce'
import { Button } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Field, SelectField } from '@/shared/ui/Field'

import { Trying, type Trial } from '../trying'
import { course } from '../words'
import styles from './Routes.module.css'

const PROMPT = 'Name three colours.'

interface Props {
  routes: readonly Route[]
  chosen: string
  onChoose: (route: string) => void
  /** Where the page puts the focus when a route is to be tried. */
  prompt: RefObject<HTMLTextAreaElement | null>
}

export function Try({ routes, chosen, onChoose, prompt }: Props) {
  const id = useId()
  const [trying] = useState(() => new Trying({ ask, announce }))
  const trial = useStore(trying.state)
  const [text, setText] = useState(PROMPT)
  const route = routes.find(({ name }) => name === chosen) ?? routes[0]
  const busy = trial.phase === 'waiting' || trial.phase === 'writing'

  // Nobody looks at it any more.
  useEffect(() => () => trying.clear(), [trying])

  return (
    <section className={styles['route']} aria-labelledby={id}>
      <h2 id={id}>Try</h2>
      <p className={styles['about']}>
        A short question to a route, as any client asks it. Models are called, and may cost.
      </p>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault()
          if (busy) trying.stop()
          else if (route && text.trim()) void trying.start(route.name, text)
        }}
      >
        <SelectField
          label="Route to try"
          value={route?.name ?? ''}
          options={routes.map(({ name }) => ({ value: name, label: name }))}
          onChange={onChoose}
        />
        <Field label="Prompt">
          {(ids) => (
            <textarea
              ref={prompt}
              id={ids.id}
              className="input"
              rows={2}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <div>
          <Button
            type="submit"
            look={busy ? 'plain' : 'main'}
            icon={busy ? 'stop' : 'play'}
            disabled={!busy && !text.trim()}
          >
            {busy ? 'Stop' : 'Send'}
          </Button>
        </div>
      </form>
      {trial.phase !== 'idle' && <Came trial={trial} busy={busy} />}
    </section>
  )
}

function Came({ trial, busy }: { trial: Trial; busy: boolean }) {
  const { route, phase, text, notes, failure, metrics } = trial
  return (
    <div
      className={styles['answer']}
      role="group"
      aria-label={`Answer of ${route}`}
      aria-busy={busy}
      data-state={phase}
    >
      <p className={styles['about']}>{how(trial)}</p>
      {text && <p className={styles['text']}>{text}</p>}
      {notes.length > 0 && (
        <ul>
          {notes.map((note, index) => (
            <li key={index}>{note}</li>
          ))}
        </ul>
      )}
      {failure && <FailureBox message={failure.message} about={failure} />}
      {metrics && (
        <dl className={styles['facts']}>
          {course(metrics).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}

function how({ phase, route, text }: Trial): string {
  switch (phase) {
    case 'waiting':
      return `${route} was asked; nothing has come yet.`
    case 'writing':
      return `${route} is answering.`
    case 'stopped':
      return 'Stopped.'
    case 'failed':
      return text ? `What ${route} answered before it failed:` : `${route} did not answer.`
    default:
      return text ? `${route} answered:` : `${route} answered with no text.`
  }
}
