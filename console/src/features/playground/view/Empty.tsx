// Before the first question: what this is for, and something to begin with.

import { Welcome } from '@/shared/ui/Welcome'

import { EXAMPLES } from '../examples'
import type { Mode } from '../model'

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
  return <Welcome {...SAID[mode]} examples={EXAMPLES[mode]} ready={ready} onChoose={onChoose} />
}
