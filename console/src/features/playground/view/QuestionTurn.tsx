// What the person wrote; it can be copied, and asked anew in other words.

import { memo, useState } from 'react'

import { plural } from '@/shared/lib/format'
import { Button } from '@/shared/ui/Button'
import { CopyButton } from '@/shared/ui/CopyButton'
import { Icon } from '@/shared/ui/icons'

import type { Question } from '../model'
import { answers } from '../playground'
import styles from './QuestionTurn.module.css'

/** Longer texts are shown in part, so that the answer is not pages away. */
const LONG = 700
const SHOWN = 360

interface Props {
  question: Question
  conversationId: string
  model: string
  editable: boolean
}

export const QuestionTurn = memo(function QuestionTurn(props: Props) {
  const { question, conversationId, model, editable } = props
  const [editing, setEditing] = useState(false)
  return (
    <li className={styles['question']}>
      <h2 className="sr-only">You</h2>
      {editing ? (
        <Editor
          text={question.text}
          onCancel={() => setEditing(false)}
          onSend={(text) => {
            setEditing(false)
            answers.edit(conversationId, model, question.id, text)
          }}
        />
      ) : (
        <>
          <div className={styles['bubble']}>
            {question.file && (
              <p className={styles['file']}>
                <Icon name="file" size={15} /> {question.file}
              </p>
            )}
            <Folded text={question.text} />
          </div>
          <div className={styles['actions']}>
            {editable && (
              <Button small look="quiet" icon="edit" onClick={() => setEditing(true)}>
                Edit
              </Button>
            )}
            <CopyButton text={() => question.text} what="question" />
          </div>
        </>
      )}
    </li>
  )
})

function Folded({ text }: { text: string }) {
  const [whole, setWhole] = useState(false)
  const long = text.length > LONG
  return (
    <>
      <p className={styles['text']}>{long && !whole ? `${text.slice(0, SHOWN)}…` : text}</p>
      {long && (
        <Button small look="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Show less' : `Show all ${plural(text.length, 'character')}`}
        </Button>
      )}
    </>
  )
}

interface EditorProps {
  text: string
  onSend: (text: string) => void
  onCancel: () => void
}

function Editor({ text: before, onSend, onCancel }: EditorProps) {
  const [text, setText] = useState(before)
  return (
    <form
      className={styles['editor']}
      onSubmit={(event) => {
        event.preventDefault()
        onSend(text)
      }}
    >
      <textarea
        className="input"
        aria-label="Edit the question"
        value={text}
        // The field appears because its owner asked to write in it.
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.preventDefault()
            onCancel()
          }
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          if (text.trim()) onSend(text)
        }}
      />
      <div className={styles['buttons']}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button look="main" type="submit" disabled={!text.trim()}>
          Send
        </Button>
      </div>
    </form>
  )
}
