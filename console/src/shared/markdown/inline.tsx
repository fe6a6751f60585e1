// The inline part of Markdown as elements. HTML in the source stays text: what a model wrote is
// untrusted, and no string of it ever becomes markup.

import type { MarkedToken, Token } from 'marked'
import { Fragment, type ReactNode } from 'react'

import { decodeEntities } from './entities'
import { safeAddress } from './links'

export function Inline({ tokens }: { tokens: readonly Token[] | undefined }): ReactNode {
  // Tokens have no identity of their own; their place is what stays the same while text grows.
  return tokens?.map((token, index) => <Fragment key={index}>{inline(token)}</Fragment>)
}

function inline(generic: Token): ReactNode {
  const token = generic as MarkedToken
  switch (token.type) {
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      )
    case 'codespan':
      return <code>{token.text}</code>
    case 'br':
      return <br />
    case 'link':
      return (
        <Link address={token.href}>
          <Inline tokens={token.tokens} />
        </Link>
      )
    case 'image':
      // Loading it would tell a stranger's server that this was read.
      return <Link address={token.href}>{token.text || token.href}</Link>
    case 'text':
      return token.tokens ? <Inline tokens={token.tokens} /> : decodeEntities(token.text)
    case 'escape':
      return token.text
    case 'checkbox':
      // The list draws it.
      return null
    default:
      return generic.raw
  }
}

function Link({ address, children }: { address: string; children: ReactNode }) {
  const href = safeAddress(address)
  if (href === undefined) return children
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  )
}
