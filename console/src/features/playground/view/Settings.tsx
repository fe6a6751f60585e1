// How answers are asked for. Each field says what it does in words that need no textbook.

import { Button } from '@/shared/ui/Button'
import { Field, NumberField, RangeField, Switch } from '@/shared/ui/Field'
import { Segmented } from '@/shared/ui/Segmented'

import {
  DEFAULTS,
  type Conversation,
  type Sampling,
  type SummaryLength,
  type SummaryStyle,
} from '../model'
import { history } from '../playground'
import styles from './Settings.module.css'
import { StopTexts } from './StopTexts'

const STYLES = [
  { value: 'paragraph', label: 'Paragraph' },
  { value: 'bullets', label: 'Bullets' },
  { value: 'headline', label: 'Headline' },
] as const satisfies readonly { value: SummaryStyle; label: string }[]

const LENGTHS = [
  { value: 'short', label: 'Short' },
  { value: 'medium', label: 'Medium' },
  { value: 'long', label: 'Long' },
] as const satisfies readonly { value: SummaryLength; label: string }[]

export function Settings({ conversation }: { conversation: Conversation }) {
  const { mode, settings } = conversation
  const { sampling } = settings

  function set(key: keyof Sampling, value: number | undefined) {
    const next = { ...sampling }
    if (value === undefined) Reflect.deleteProperty(next, key)
    else next[key] = value
    history.configure({ sampling: next })
  }

  return (
    <div className={styles['settings']}>
      {mode === 'chat' && (
        <Field label="System prompt" help="Instructions that stand above the conversation.">
          {({ id, describedBy }) => (
            <textarea
              id={id}
              className="input"
              rows={3}
              aria-describedby={describedBy}
              placeholder="You are a helpful assistant."
              value={settings.system}
              onChange={(event) => history.configure({ system: event.target.value })}
            />
          )}
        </Field>
      )}
      {mode === 'summary' && (
        <>
          <div className={styles['choice']}>
            <p aria-hidden="true">Style</p>
            <Segmented
              label="Style"
              value={settings.style}
              options={STYLES}
              onChange={(style) => history.configure({ style })}
            />
          </div>
          <div className={styles['choice']}>
            <p aria-hidden="true">Length</p>
            <Segmented
              label="Length"
              value={settings.length}
              options={LENGTHS}
              onChange={(length) => history.configure({ length })}
            />
          </div>
        </>
      )}
      <RangeField
        label="Temperature"
        help="0 always takes the likeliest word; higher is livelier and less sure."
        min={0}
        max={2}
        step={0.05}
        resting={0.8}
        value={sampling.temperature}
        onChange={(value) => set('temperature', value)}
      />
      {mode !== 'summary' && <Picking sampling={sampling} set={set} />}
      <NumberField
        label="Longest answer"
        help="In tokens; a token is about three quarters of a word."
        min={1}
        value={sampling.max_tokens}
        onChange={(value) => set('max_tokens', value)}
      />
      <NumberField
        label="Seed"
        help="The same seed and the same question give the same answer."
        min={0}
        placeholder="random"
        value={sampling.seed}
        onChange={(value) => set('seed', value)}
      />
      {mode !== 'summary' && (
        <StopTexts value={settings.stop} onChange={(stop) => history.configure({ stop })} />
      )}
      {mode === 'chat' && (
        <Switch
          label="JSON only"
          help="The answer is held to valid JSON. Ask for JSON in words as well."
          checked={settings.json}
          onChange={(json) => history.configure({ json })}
        />
      )}
      <Button
        icon="retry"
        onClick={() => {
          const { system, sampling, stop, json, style, length } = DEFAULTS
          history.configure({ system, sampling, stop, json, style, length })
        }}
      >
        Defaults
      </Button>
    </div>
  )
}

interface PickingProps {
  sampling: Sampling
  set: (key: keyof Sampling, value: number | undefined) => void
}

function Picking({ sampling, set }: PickingProps) {
  return (
    <>
      <RangeField
        label="Top-p"
        help="Only the likeliest words that together reach this share."
        min={0.05}
        max={1}
        step={0.05}
        resting={0.95}
        value={sampling.top_p}
        onChange={(value) => set('top_p', value)}
      />
      <RangeField
        label="Top-k"
        help="Only this many of the likeliest words."
        min={1}
        max={200}
        resting={40}
        value={sampling.top_k}
        onChange={(value) => set('top_k', value)}
      />
      <RangeField
        label="Min-p"
        help="Only words at least this fraction as likely as the likeliest."
        min={0}
        max={1}
        step={0.01}
        resting={0.05}
        value={sampling.min_p}
        onChange={(value) => set('min_p', value)}
      />
    </>
  )
}
