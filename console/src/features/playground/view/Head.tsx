// What is done, by which model, over which way.

import type { Way } from '@/shared/transport/answer'
import { IconButton } from '@/shared/ui/Button'
import { Segmented, type Option } from '@/shared/ui/Segmented'

import type { Conversation, Mode } from '../model'
import { history } from '../playground'
import { wayOf } from '../request'
import styles from './Head.module.css'
import { useModel } from './useModel'

const MODES: readonly Option<Mode>[] = [
  { value: 'chat', label: 'Chat', icon: 'chat' },
  { value: 'generate', label: 'Generate', icon: 'continue' },
  { value: 'summary', label: 'Summarise', icon: 'summary' },
]

const WAYS: readonly { value: Way; label: string }[] = [
  { value: 'sse', label: 'SSE' },
  { value: 'ws', label: 'WebSocket' },
  { value: 'rest', label: 'REST' },
]

interface Props {
  conversation: Conversation
  panelOpen: boolean
  onPanel: () => void
}

export function Head({ conversation, panelOpen, onPanel }: Props) {
  const { mode, settings } = conversation
  const { model, offered } = useModel(conversation)
  return (
    <div className={styles['head']}>
      <Segmented
        label="Mode"
        value={mode}
        options={MODES}
        onChange={(next) => history.start(next)}
      />
      <div className={styles['choices']}>
        <select
          className="input"
          aria-label="Model"
          value={model}
          onChange={(event) => history.configure({ model: event.target.value })}
        >
          {offered.length === 0 && <option value="">No model yet</option>}
          {offered.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
        <select
          className={`input ${styles['way']}`}
          aria-label="Transport"
          title={mode === 'chat' ? undefined : 'The WebSocket carries chats only.'}
          value={wayOf(mode, settings.way)}
          onChange={(event) => history.configure({ way: event.target.value as Way })}
        >
          {WAYS.map(({ value, label }) => (
            <option key={value} value={value} disabled={wayOf(mode, value) !== value}>
              {label}
            </option>
          ))}
        </select>
        <IconButton icon="sliders" label="Settings" aria-expanded={panelOpen} onClick={onPanel} />
      </div>
    </div>
  )
}
