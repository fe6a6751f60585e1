// Texts that end an answer, one a line.

import { useState } from 'react'

import { Field } from '@/shared/ui/Field'

import { readStops, writeStops } from '../stops'

interface Props {
  value: readonly string[]
  onChange: (value: string[]) => void
}

export function StopTexts({ value, onChange }: Props) {
  // What is being written may not be a whole list yet, so the field keeps its own text.
  const [draft, setDraft] = useState<string>()
  return (
    <Field
      label="Stop at"
      help="The answer ends before any of these; one a line, \n is a new line."
    >
      {({ id, describedBy }) => (
        <textarea
          id={id}
          className="input"
          rows={2}
          spellCheck={false}
          aria-describedby={describedBy}
          value={draft ?? writeStops(value)}
          onChange={(event) => {
            setDraft(event.target.value)
            onChange(readStops(event.target.value))
          }}
          onBlur={() => setDraft(undefined)}
        />
      )}
    </Field>
  )
}
