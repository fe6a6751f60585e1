// Where a request would go, and why nowhere else; targets can be taken for broken.

import { useId, useState } from 'react'

import { asFailure } from '@/shared/api/failure'
import type { Explanation, Route } from '@/shared/api/types'
import { plural } from '@/shared/lib/format'
import { announce } from '@/shared/ui/announce'
import { Button } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Field, SelectField } from '@/shared/ui/Field'

import { useExplain } from '../asking'
import { lastResorts } from '../words'
import { parsed } from '../request'
import styles from './Routes.module.css'

export function Explain({ routes }: { routes: readonly Route[] }) {
  const id = useId()
  const [chosen, setChosen] = useState('')
  const [text, setText] = useState('')
  const [fail, setFail] = useState<readonly string[]>([])
  const explain = useExplain()
  const route = routes.find(({ name }) => name === chosen) ?? routes[0]
  const targets = route?.tiers.flatMap((tier) => tier.targets.map(({ name }) => name)) ?? []
  const request = parsed(text)
  const failure = explain.error ? asFailure(explain.error) : undefined

  function ask() {
    if (!route || 'fault' in request) return
    const broken = fail.filter((name) => targets.includes(name))
    explain.mutate(
      { route: route.name, fail: broken, ...request },
      { onSuccess: ({ order }) => announce(`${plural(order.length, 'target')} would be asked.`) },
    )
  }

  return (
    <section className={styles['route']} aria-labelledby={id}>
      <h2 id={id}>Explain</h2>
      <p className={styles['about']}>Where a request would go, and why. No model is called.</p>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault()
          ask()
        }}
      >
        <SelectField
          label="Route"
          value={route?.name ?? ''}
          options={routes.map(({ name }) => ({ value: name, label: name }))}
          onChange={(name) => {
            setChosen(name)
            explain.reset()
          }}
        />
        <Field
          label="Request"
          help="The body of a chat request, as JSON. Empty: a short question."
          fault={'fault' in request ? request.fault : undefined}
        >
          {(ids) => (
            <textarea
              id={ids.id}
              className="input"
              rows={3}
              spellCheck={false}
              aria-describedby={ids.describedBy}
              aria-invalid={ids.invalid}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <fieldset className={styles['broken']}>
          <legend>Take for broken</legend>
          {targets.map((name) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={fail.includes(name)}
                onChange={({ target }) =>
                  setFail(target.checked ? [...fail, name] : fail.filter((one) => one !== name))
                }
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
        <div>
          <Button type="submit" look="main" disabled={'fault' in request || explain.isPending}>
            Explain
          </Button>
        </div>
      </form>
      {failure && <FailureBox message={failure.message} about={failure} />}
      {explain.data && <Told explanation={explain.data} />}
    </section>
  )
}

function Told({ explanation }: { explanation: Explanation }) {
  const { order, excluded, last_resorts: resorts } = explanation
  return (
    <div className={styles['told']} role="group" aria-label="Explanation">
      <h3>Asked, in this order</h3>
      {order.length === 0 && <p>Nobody.</p>}
      <ol>
        {order.map(({ target, because, step }) => (
          <li key={target}>
            <strong>{target}</strong>: {because}
            {step && `; labelled “${step}”`}
          </li>
        ))}
      </ol>
      {excluded.length > 0 && (
        <>
          <h3>Not asked</h3>
          <ul>
            {excluded.map(({ target, tier, because }) => (
              <li key={`${tier} ${target}`}>
                <strong>{target}</strong>: {because}
              </li>
            ))}
          </ul>
        </>
      )}
      <p>If nobody answers: {lastResorts(resorts)}.</p>
    </div>
  )
}
