// Copies a text and says so.

import { useEffect, useState } from 'react'

import { copyText } from '@/shared/lib/clipboard'

import { announce } from './announce'
import { Button } from './Button'

interface Props {
  text: () => string
  /** What is copied, as in `Copy the answer`. */
  what: string
  /** What stands on the button. */
  label?: string
}

export function CopyButton({ text, what, label = 'Copy' }: Props) {
  const [copied, setCopied] = useState(false)

  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1600)
    return () => clearTimeout(timer)
  }, [copied])

  async function copy() {
    const done = await copyText(text())
    setCopied(done)
    announce(done ? 'Copied.' : 'The browser refused to copy.')
  }

  return (
    <Button
      small
      look="quiet"
      icon={copied ? 'check' : 'copy'}
      aria-label={`Copy ${what}`}
      onClick={() => void copy()}
    >
      {copied ? 'Copied' : label}
    </Button>
  )
}
