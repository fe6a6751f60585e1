// What the picture shows, what it must not show, and a picture to start from.

import { useState, type KeyboardEvent } from 'react'

import { plural } from '@/shared/lib/format'
import { useStore } from '@/shared/lib/store'
import { useMedia } from '@/shared/lib/useMedia'
import { Button, IconButton } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'
import { RangeField } from '@/shared/ui/Field'
import { PictureInput } from '@/shared/ui/PictureInput'

import { asking, configure, make, start, startFrom } from '../images'
import { DEFAULTS, type Settings } from '../model'
import { surprise } from '../surprise'
import styles from './Form.module.css'

/** Fields of a request that are on this page, by the names that the server has for them. */
const FIELDS: readonly string[] = [
  'prompt',
  'negative_prompt',
  'model',
  'width',
  'height',
  'count',
  'steps',
  'guidance',
  'scheduler',
  'seed',
]

interface Props {
  settings: Settings
  /** Empty: there is none. */
  model: string
  onField: () => void
}

export function Form({ settings, model, onField }: Props) {
  const from = useStore(start)
  const { busy, refused } = useStore(asking)
  const [picking, setPicking] = useState(false)
  const fine = useMedia('(pointer: fine)')
  const sound = settings.prompt.trim() !== '' && model !== ''
  const wrong = (param: string) => (refused?.param === param ? true : undefined)

  function send() {
    if (sound && !busy) void make(model)
  }

  function press(event: KeyboardEvent) {
    // Enter also ends a word that an input method is composing.
    const sends = event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing
    if (!sends || !fine) return
    event.preventDefault()
    send()
  }

  return (
    <form
      className={styles['form']}
      aria-label="Picture"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <div className={styles['box']}>
        <textarea
          className={styles['prompt']}
          rows={2}
          aria-label="Prompt"
          aria-invalid={wrong('prompt')}
          placeholder="What does it show?"
          value={settings.prompt}
          onChange={(event) => configure({ prompt: event.target.value })}
          onKeyDown={press}
        />
        <label className={styles['negative']}>
          <span>Without</span>
          <input
            aria-label="Negative prompt"
            aria-invalid={wrong('negative_prompt')}
            placeholder="what it must not show"
            value={settings.negative}
            onChange={(event) => configure({ negative: event.target.value })}
            onKeyDown={press}
          />
        </label>
        {from && (
          <StartRow
            preview={from.preview}
            name={from.name}
            settings={settings}
            onRemove={() => start.set(undefined)}
          />
        )}
        {picking && !from && (
          <div className={styles['picking']}>
            <PictureInput
              label="Picture to start from"
              small
              onFiles={([file]) => {
                if (file) startFrom(file, file.name)
                setPicking(false)
              }}
            >
              A picture to start from, instead of noise alone: PNG, JPEG or WebP.
            </PictureInput>
          </div>
        )}
        <div className={styles['actions']}>
          <IconButton
            icon="picture"
            label="Start from a picture"
            aria-expanded={picking && !from}
            onClick={() => setPicking(!picking)}
          />
          <IconButton
            icon="dice"
            label="Surprise me"
            onClick={() => configure({ prompt: surprise(Math.random) })}
          />
          <p className={styles['summary']}>{summary(settings)}</p>
          <Button look="main" icon="send" type="submit" disabled={!sound} aria-busy={busy}>
            {busy ? 'Asking…' : settings.count > 1 ? `Make ${settings.count}` : 'Make it'}
          </Button>
        </div>
      </div>
      {refused && (
        <FailureBox message={refused.message} about={refused}>
          {refused.param && FIELDS.includes(refused.param) && (
            <Button small icon="sliders" onClick={onField}>
              Show the field
            </Button>
          )}
          <Button small icon="close" onClick={() => asking.set({ busy: false })}>
            Dismiss
          </Button>
        </FailureBox>
      )}
    </form>
  )
}

/** The settings in a line, so that nobody has to open them to know. */
function summary({ width, height, steps, seed, count }: Settings): string {
  const size = width !== undefined || height !== undefined
  return [
    size && `${width ?? 'own'} × ${height ?? 'own'}`,
    steps !== undefined && plural(steps, 'step'),
    seed !== undefined && `seed ${seed}`,
    count > 1 && plural(count, 'picture'),
  ]
    .filter(Boolean)
    .join(' · ')
}

interface StartRowProps {
  preview: string
  name: string
  settings: Settings
  onRemove: () => void
}

function StartRow({ preview, name, settings, onRemove }: StartRowProps) {
  return (
    <div className={styles['start']}>
      <img src={preview} alt={`Start: ${name}`} />
      <RangeField
        label="Strength"
        help="How much is made anew: a little keeps the picture, 1 keeps nothing of it."
        min={0.05}
        max={1}
        step={0.05}
        resting={DEFAULTS.strength}
        value={settings.strength}
        onChange={(strength) => configure({ strength: strength ?? DEFAULTS.strength })}
      />
      <IconButton icon="close" label={`Do not start from ${name}`} onClick={onRemove} />
    </div>
  )
}
