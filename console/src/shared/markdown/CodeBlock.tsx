// A block of code: its language, a copy button, and colours as soon as the highlighter is there.

import { CopyButton } from '@/shared/ui/CopyButton'

import styles from './CodeBlock.module.css'
import { Highlighted } from './Highlighted'

interface Props {
  code: string
  language: string | undefined
}

export function CodeBlock({ code, language }: Props) {
  // Only the first word names the language; what follows are hints for other renderers.
  const name = language?.trim().split(/\s/)[0]?.toLowerCase() ?? ''
  return (
    <div className={styles['block']}>
      <div className={styles['head']}>
        <span>{name || 'text'}</span>
        <CopyButton text={() => code} what="code" />
      </div>
      <pre tabIndex={0} role="group" aria-label={`Code, ${name || 'text'}`}>
        <code>
          <Highlighted code={code} language={name} />
        </code>
      </pre>
    </div>
  )
}
