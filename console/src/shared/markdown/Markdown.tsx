// Markdown that grows: only the blocks whose source changed render again.

import { lexer, type Token } from 'marked'
import { memo, useMemo } from 'react'

import { Block } from './blocks'
import styles from './Markdown.module.css'

const Memoised = memo(
  function Memoised({ token }: { token: Token }) {
    return <Block token={token} />
  },
  (before, after) => before.token.type === after.token.type && before.token.raw === after.token.raw,
)

export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, breaks: true }), [text])
  return (
    <div className={styles['markdown']}>
      {tokens.map((token, index) => (
        <Memoised key={index} token={token} />
      ))}
    </div>
  )
}
