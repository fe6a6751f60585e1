// Before the first question: what this is for, and something to begin with.

import { Icon } from '@/shared/ui/icons'

import { EXAMPLES } from '../examples'
import type { Mode } from '../model'
import styles from './Empty.module.css'

const SAID: Record<Mode, { title: string; text: string }> = {
  chat: {
    title: 'What would you like to know?',
    text: 'The model runs on this server; what you write goes nowhere else. A small model is quick and often wrong.',
  },
  generate: {
    title: 'Begin a text; the model goes on with it.',
    text: 'No chat here: the model continues your words exactly where they stop.',
  },
  summary: {
    title: 'A long text made short.',
    text: 'Paste a text or drop a file. What is too long for the model is read in parts.',
  },
}

interface Props {
  mode: Mode
  ready: boolean
  onChoose: (text: string) => void
}

export function Empty({ mode, ready, onChoose }: Props) {
  const { title, text } = SAID[mode]
  return (
    <div className={styles['empty']}>
      <div className={styles['inner']}>
        <Bar />
        <h2>{title}</h2>
        <p>{text}</p>
        <ul className={styles['examples']} aria-label="Examples">
          {EXAMPLES[mode].map((example) => (
            <li key={example.title}>
              <button type="button" disabled={!ready} onClick={() => onChoose(example.text)}>
                <span className={styles['name']}>
                  {example.title}
                  <Icon name="send" size={15} />
                </span>
                <span className={styles['text']}>{example.text}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

/** A bar with feeders; one carries a spark. */
function Bar() {
  return (
    <svg className={styles['bar']} viewBox="0 0 240 56" aria-hidden="true" focusable="false">
      <rect x="2" y="10" width="236" height="9" rx="4.5" />
      <path d="M40 19v20M120 19v28M200 19v20" />
      <g>
        <circle cx="40" cy="43" r="4.5" />
        <circle cx="120" cy="50" r="4.5" />
        <circle cx="200" cy="43" r="4.5" />
      </g>
      <path className={styles['spark']} d="M2 14.5h118v33" pathLength="100" />
    </svg>
  )
}
