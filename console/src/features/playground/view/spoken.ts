// Tells screen readers an answer in whole sentences, and when it ended.

import { useEffect, useRef } from 'react'

import { announce } from '@/shared/ui/announce'

import { isBusy, type Answer } from '../model'
import { finishedUpTo, spoken } from '../sentences'

/** Sentences that come faster than this are said together. */
const PAUSE_MS = 1500

const END: Record<Answer['state'], string> = {
  waiting: '',
  writing: '',
  done: 'The answer is complete.',
  stopped: 'Stopped.',
  // The failure itself is an alert.
  failed: '',
}

export function useSpoken(answer: Answer | undefined): void {
  const told = useRef({ id: '', to: 0 })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef(answer)

  useEffect(() => {
    latest.current = answer
    if (!answer) return
    if (told.current.id !== answer.id) {
      // An answer that was there before the page is not read out by itself.
      told.current = { id: answer.id, to: isBusy(answer) ? 0 : Number.POSITIVE_INFINITY }
    }
    if (told.current.to > answer.text.length && !isBusy(answer)) return
    if (!isBusy(answer)) {
      clearTimeout(timer.current)
      timer.current = undefined
      const rest = spoken(answer.text.slice(told.current.to))
      told.current.to = Number.POSITIVE_INFINITY
      announce(`${rest} ${END[answer.state]}`.trim())
      return
    }
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      const text = latest.current?.text ?? ''
      const to = finishedUpTo(text, told.current.to)
      if (to <= told.current.to) return
      announce(spoken(text.slice(told.current.to, to)))
      told.current.to = to
    }, PAUSE_MS)
  }, [answer])

  useEffect(() => () => clearTimeout(timer.current), [])
}
