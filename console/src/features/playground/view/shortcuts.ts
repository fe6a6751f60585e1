// Keys that work anywhere on the page: Escape stops, Ctrl/Cmd+K begins anew.

import { useEffect, useEffectEvent } from 'react'

interface Shortcuts {
  stop: () => void
  fresh: () => void
}

export function useShortcuts({ stop, fresh }: Shortcuts): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape' && !layerOpen() && !event.defaultPrevented) stop()
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault()
      fresh()
    }
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event)
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [])
}

/** Escape belongs to a dialog or a menu while one is open. */
function layerOpen(): boolean {
  return document.querySelector('dialog[open], [popover]:popover-open') !== null
}
