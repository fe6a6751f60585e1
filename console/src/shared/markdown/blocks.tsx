// The block part of Markdown as elements.

import type { MarkedToken, Token, Tokens } from 'marked'
import type { ReactNode } from 'react'

import { CodeBlock } from './CodeBlock'
import { decodeEntities } from './entities'
import { Inline } from './inline'

export function Blocks({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, index) => <Block key={index} token={token} />)
}

export function Block({ token: generic }: { token: Token }): ReactNode {
  const token = generic as MarkedToken
  switch (token.type) {
    case 'paragraph':
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      )
    case 'heading':
      return <Heading token={token} />
    case 'code':
      return <CodeBlock code={token.text} language={token.lang} />
    case 'list':
      return <List token={token} />
    case 'blockquote':
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      )
    case 'table':
      return <Table token={token} />
    case 'hr':
      return <hr />
    case 'text':
      return token.tokens ? <Inline tokens={token.tokens} /> : decodeEntities(token.text)
    case 'space':
    case 'def':
    case 'checkbox':
      return null
    default:
      return <p>{generic.raw}</p>
  }
}

/** All one level below the turn's own heading: models skip levels, and an outline must not. What
 *  depth they meant is seen. */
function Heading({ token }: { token: Tokens.Heading }) {
  return (
    <h3 data-depth={token.depth}>
      <Inline tokens={token.tokens} />
    </h3>
  )
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    <li key={index} data-task={item.task || undefined}>
      {item.task && <input type="checkbox" disabled checked={item.checked} aria-label="Task" />}
      <Blocks tokens={item.tokens} />
    </li>
  ))
  if (!token.ordered) return <ul>{items}</ul>
  return <ol start={token.start === '' ? undefined : token.start}>{items}</ol>
}

function Table({ token }: { token: Tokens.Table }) {
  return (
    <div data-scroll tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} scope="col" data-align={cell.align}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, rowIndex) => (
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                <td key={index} data-align={cell.align}>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
