// The place in the shell's sidebar where a page puts what belongs to it (its list, say).

import { createContext, use } from 'react'
import { createPortal } from 'react-dom'
import type { ReactNode } from 'react'

export interface Side {
  /** Where to put it; absent while the sidebar is not drawn. */
  place: HTMLElement | null
  /** Closes the sidebar where it is a drawer. */
  close: () => void
}

export const SideContext = createContext<Side>({ place: null, close: () => undefined })

export function useSide(): Side {
  return use(SideContext)
}

export function InSide({ children }: { children: ReactNode }) {
  const { place } = useSide()
  return place && createPortal(children, place)
}
