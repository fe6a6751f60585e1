// Which model looks, and how much of what it says is shown. Nothing of it asks the server again but
// another model.

import type { Model } from '@/shared/api/types'
import { RangeField, SelectField } from '@/shared/ui/Field'

import { configure } from '../classify'
import { DEFAULTS, MOST_LABELS, type Settings as Kept } from '../model'
import styles from './Settings.module.css'

interface Props {
  settings: Kept
  models: readonly Model[]
  model: string
}

export function Settings({ settings, models, model }: Props) {
  return (
    <div className={styles['settings']} role="group" aria-label="Settings">
      <SelectField
        label="Model"
        none="No model yet"
        value={model}
        options={models.map(({ id, title }) => ({ value: id, label: title }))}
        onChange={(chosen) => configure({ model: chosen })}
      />
      <RangeField
        label="Top-k"
        help="The most labels for a picture."
        min={1}
        max={MOST_LABELS}
        resting={DEFAULTS.topK}
        value={settings.topK}
        onChange={(topK) => configure({ topK: topK ?? DEFAULTS.topK })}
      />
      <RangeField
        label="Threshold"
        help="Labels with a lower score are left out."
        min={0}
        max={1}
        step={0.01}
        resting={DEFAULTS.threshold}
        value={settings.threshold}
        onChange={(threshold) => configure({ threshold: threshold ?? DEFAULTS.threshold })}
      />
    </div>
  )
}
