// How pictures are made. What is left empty is the model's own.

import type { Model, ImageFormat } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { NumberField, RangeField, SelectField } from '@/shared/ui/Field'
import { Segmented } from '@/shared/ui/Segmented'

import { choose, configure } from '../images'
import { DEFAULTS, MOST_PICTURES, SCHEDULERS, type Refusal, type Settings as Kept } from '../model'
import { newSeed } from '../surprise'
import styles from './Settings.module.css'

const FORMATS = [
  { value: 'png', label: 'PNG' },
  { value: 'jpeg', label: 'JPEG' },
  { value: 'webp', label: 'WebP' },
] as const satisfies readonly { value: ImageFormat; label: string }[]

const SIZES = [
  { value: '', label: 'The model’s own' },
  ...['64x64', '128x128', '256x256', '512x512', '768x768', '512x768', '768x512'].map((value) => ({
    value,
    label: value.replace('x', ' × '),
  })),
]

interface Props {
  settings: Kept
  models: readonly Model[]
  model: string
  refused: Refusal | undefined
}

export function Settings({ settings, models, model, refused }: Props) {
  const { width, height } = settings
  const fault = (param: string) => (refused?.param === param ? refused.message : undefined)
  const size = width === undefined && height === undefined ? '' : `${width}x${height}`
  const own = { value: size, label: 'As below' }

  return (
    <div className={styles['settings']}>
      <SelectField
        label="Model"
        none="No model yet"
        fault={fault('model')}
        value={model}
        options={models.map(({ id, title }) => ({ value: id, label: title }))}
        onChange={(chosen) => choose('model', chosen)}
      />
      <SelectField
        label="Size"
        value={size}
        options={SIZES.some(({ value }) => value === size) ? SIZES : [own, ...SIZES]}
        onChange={(chosen) => {
          const [w, h] = chosen ? chosen.split('x').map(Number) : []
          choose('width', w)
          choose('height', h)
        }}
      />
      <div className={styles['pair']}>
        <NumberField
          label="Width"
          fault={fault('width')}
          min={64}
          max={2048}
          step={8}
          placeholder="own"
          value={width}
          onChange={(value) => choose('width', value)}
        />
        <NumberField
          label="Height"
          fault={fault('height')}
          min={64}
          max={2048}
          step={8}
          placeholder="own"
          value={height}
          onChange={(value) => choose('height', value)}
        />
      </div>
      <NumberField
        label="Pictures"
        help="Each has the seed after the one before."
        fault={fault('count')}
        min={1}
        max={MOST_PICTURES}
        placeholder="1"
        value={settings.count}
        onChange={(count) => configure({ count: count ?? 1 })}
      />
      <RangeField
        label="Steps"
        help="More take longer and are finer, up to a point."
        fault={fault('steps')}
        min={1}
        max={100}
        resting={20}
        value={settings.steps}
        onChange={(value) => choose('steps', value)}
      />
      <RangeField
        label="Guidance"
        help="How closely the words are followed; high is literal and harsh, 1 is free."
        fault={fault('guidance')}
        min={0}
        max={20}
        step={0.5}
        resting={7.5}
        value={settings.guidance}
        onChange={(value) => choose('guidance', value)}
      />
      <SelectField
        label="Scheduler"
        help="How the noise is taken away."
        fault={fault('scheduler')}
        value={settings.scheduler ?? ''}
        options={SCHEDULERS}
        onChange={(value) => choose('scheduler', value || undefined)}
      />
      <NumberField
        label="Seed"
        help="The same seed and the same words give the same picture."
        fault={fault('seed')}
        min={0}
        max={4294967295}
        placeholder="another each time"
        value={settings.seed}
        onChange={(value) => choose('seed', value)}
        aside={
          <Button
            small
            look="quiet"
            icon="dice"
            aria-label="Choose a seed"
            onClick={() => choose('seed', newSeed(Math.random))}
          >
            Choose
          </Button>
        }
      />
      <div className={styles['choice']}>
        <p aria-hidden="true">File format</p>
        <Segmented
          label="File format"
          value={settings.format}
          options={FORMATS}
          onChange={(format) => configure({ format })}
        />
      </div>
      <Button icon="retry" onClick={reset}>
        Defaults
      </Button>
    </div>
  )
}

/** The words are nobody's setting, and stay. */
function reset() {
  const { count, format, strength } = DEFAULTS
  configure({ count, format, strength })
  for (const key of ['width', 'height', 'steps', 'guidance', 'scheduler', 'seed'] as const)
    choose(key, undefined)
}
