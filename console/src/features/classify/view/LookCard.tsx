// One picture with what the model says of it.

import { memo, useState } from 'react'

import { duration } from '@/shared/lib/format'
import { Button, IconButton } from '@/shared/ui/Button'
import { CopyButton } from '@/shared/ui/CopyButton'
import { FailureBox } from '@/shared/ui/FailureBox'
import { Icon } from '@/shared/ui/icons'
import { ProgressBar } from '@/shared/ui/ProgressBar'

import { looks } from '../classify'
import { shown, verdict, type Answer, type Look, type Settings } from '../model'
import { Bars } from './Bars'
import styles from './LookCard.module.css'

interface Props {
  look: Look
  settings: Settings
}

export const LookCard = memo(function LookCard({ look, settings }: Props) {
  const { id, name, state, answer, failure } = look
  return (
    <li className={styles['card']} data-state={state} aria-busy={state === 'looking'}>
      <Preview look={look} />
      <div className={styles['said']}>
        <div className={styles['head']}>
          <p className={styles['name']} title={name}>
            {name}
          </p>
          <IconButton icon="close" label={`Remove ${name}`} onClick={() => looks.remove(id)} />
        </div>
        {(state === 'waiting' || state === 'looking') && (
          <div className={styles['looking']}>
            <p>{state === 'waiting' ? 'Waiting its turn' : 'Looking…'}</p>
            <ProgressBar label={`Looking at ${name}`} value={0} of={0} />
          </div>
        )}
        {failure && (
          <FailureBox message={failure.message} about={failure}>
            <Button small icon="retry" onClick={() => looks.again(id)}>
              Try again
            </Button>
          </FailureBox>
        )}
        {answer && <Said answer={answer} settings={settings} />}
      </div>
    </li>
  )
})

function Said({ answer, settings }: { answer: Answer; settings: Settings }) {
  const labels = shown(answer.labels, settings)
  const { model, version, inferenceMs } = answer
  return (
    <>
      <h3 className={styles['verdict']}>{verdict(answer.labels)}</h3>
      {labels.length > 0 ? (
        <Bars labels={labels} />
      ) : (
        <p className={styles['none']}>Every score is below the threshold. Lower it to see more.</p>
      )}
      <div className={styles['foot']}>
        <p>
          {[model, version && `version ${version}`, duration(inferenceMs)]
            .filter(Boolean)
            .join(' · ')}
        </p>
        <CopyButton text={() => JSON.stringify(labels, null, 2)} what="the labels as JSON" />
      </div>
    </>
  )
}

function Preview({ look }: { look: Look }) {
  const [broken, setBroken] = useState(false)
  return (
    <div className={styles['preview']}>
      {look.preview && !broken ? (
        <img src={look.preview} alt="" onError={() => setBroken(true)} />
      ) : (
        <Icon name={'address' in look.source ? 'link' : 'picture'} size={34} />
      )}
    </div>
  )
}
