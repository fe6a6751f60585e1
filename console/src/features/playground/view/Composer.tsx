// Where one writes; sends on Enter, takes text files, stops what runs.

import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent } from 'react'

import { plural } from '@/shared/lib/format'
import { useMedia } from '@/shared/lib/useMedia'
import { IconButton } from '@/shared/ui/Button'
import { Icon } from '@/shared/ui/icons'
import { notify } from '@/shared/ui/notices'

import type { Mode } from '../model'
import { readTextFile, type TextFile } from '../textFile'
import styles from './Composer.module.css'

const LABEL: Record<Mode, string> = {
  chat: 'Message',
  generate: 'Text to go on with',
  summary: 'Text to summarise',
}

const HINT: Record<Mode, string> = {
  chat: 'Ask anything…',
  generate: 'Begin a text…',
  summary: 'Paste a text, or drop a file…',
}

interface Props {
  mode: Mode
  busy: boolean
  /** Whether nothing was asked yet. */
  fresh: boolean
  ready: boolean
  onSend: (asked: { text: string; file?: string }) => void
  onStop: () => void
}

export function Composer({ mode, busy, fresh, ready, onSend, onStop }: Props) {
  const [text, setText] = useState('')
  const [file, setFile] = useState<TextFile>()
  const [over, setOver] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const fine = useMedia('(pointer: fine)')
  const whole = [file?.text, text].filter((part) => part?.trim()).join('\n\n')
  const sendable = ready && !busy && whole !== ''

  useEffect(() => {
    // On a touch screen the keyboard would cover the page before anything was asked.
    if (fine) area.current?.focus()
    // Choosing an example takes away the button that had the focus, so it comes back here.
  }, [fine, fresh])

  function send() {
    if (!sendable) return
    onSend({ text: whole, ...(file && { file: file.name }) })
    setText('')
    setFile(undefined)
  }

  async function take(files: FileList | null) {
    const [first] = files ?? []
    if (!first) return
    const read = await readTextFile(first)
    if (typeof read === 'string') notify(read)
    else if (mode === 'summary') setFile(read)
    else setText((before) => [before, read.text].filter(Boolean).join('\n\n'))
    area.current?.focus()
  }

  function press(event: KeyboardEvent) {
    // Enter also ends a word that an input method is composing.
    const sends = event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing
    if (!sends || !fine) return
    event.preventDefault()
    send()
  }

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    void take(event.dataTransfer.files)
  }

  return (
    <form
      className={styles['composer']}
      data-over={over || undefined}
      aria-label="Write"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className={styles['box']}>
        {file && (
          <div className={styles['file']}>
            <Icon name="file" size={16} />
            <span>
              {file.name} · {plural(file.text.length, 'character')}
            </span>
            <IconButton
              icon="close"
              label={`Remove ${file.name}`}
              onClick={() => setFile(undefined)}
            />
          </div>
        )}
        <textarea
          ref={area}
          rows={mode === 'summary' ? 3 : 1}
          value={text}
          aria-label={LABEL[mode]}
          placeholder={HINT[mode]}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return
            event.preventDefault()
            void take(event.clipboardData.files)
          }}
        />
        <div className={styles['actions']}>
          <input
            ref={chooser}
            type="file"
            hidden
            accept="text/*,.txt,.md,.csv,.json,.log"
            onChange={(event) => {
              void take(event.target.files)
              event.target.value = ''
            }}
          />
          <IconButton
            icon="file"
            label="Add a text file"
            onClick={() => chooser.current?.click()}
          />
          <p className={styles['hint']}>
            <kbd>Enter</kbd> sends · <kbd>Shift</kbd>+<kbd>Enter</kbd> new line · <kbd>Esc</kbd>{' '}
            stops
          </p>
          {busy ? (
            <IconButton key="stop" look="main" icon="stop" label="Stop" onClick={onStop} />
          ) : (
            <IconButton
              key="send"
              look="main"
              icon="send"
              label="Send"
              type="submit"
              disabled={!sendable}
            />
          )}
        </div>
      </div>
    </form>
  )
}
