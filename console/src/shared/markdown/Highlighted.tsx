// Code with colours. The highlighter is a chunk of its own, loaded when the first code appears.

import type { Element, ElementContent, Root } from 'hast'
import { useEffect, useMemo, type ReactNode } from 'react'

import { Store, useStore } from '@/shared/lib/store'

import './highlight.css'

type Highlight = (language: string, code: string) => Root | undefined

/** Longer code stays plain: colouring it at each frame would be felt. */
const LONGEST = 20_000

const highlight = new Store<Highlight | undefined>(undefined)

let asked = false

function load() {
  if (asked) return
  asked = true
  // Without the chunk (the server went away) code stays plain.
  import('./languages').then(
    (module) => highlight.set(module.highlight),
    () => undefined,
  )
}

export function Highlighted({ code, language }: { code: string; language: string }): ReactNode {
  const colour = useStore(highlight)
  useEffect(load, [])
  const tree = useMemo(
    () => (code.length <= LONGEST && language ? colour?.(language, code) : undefined),
    [colour, code, language],
  )
  return tree ? nodes(tree.children) : code
}

function nodes(children: readonly (ElementContent | Root['children'][number])[]): ReactNode {
  return children.map((child, index) => {
    if (child.type === 'text') return child.value
    if (child.type !== 'element') return null
    return (
      <span key={index} className={classes(child)}>
        {nodes(child.children)}
      </span>
    )
  })
}

function classes(element: Element): string | undefined {
  const names = element.properties['className']
  return Array.isArray(names) ? names.join(' ') : undefined
}
