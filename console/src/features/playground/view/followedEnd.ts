// Keeps a scrolled area at its end while it grows, until its reader scrolls away.

import { useEffect, useState, type RefObject } from 'react'

/** Nearer than this to the end counts as being there. */
const NEAR_PX = 48

interface FollowedEnd {
  /** Whether its reader has scrolled away. */
  away: boolean
  toEnd: () => void
}

export function useFollowedEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): FollowedEnd {
  const [away, setAway] = useState(false)

  useEffect(() => {
    const area = scroller.current
    const inner = content.current
    if (!area || !inner) return
    let following = true
    let top = 0

    const scrolled = () => {
      const left = area.scrollHeight - area.scrollTop - area.clientHeight
      // Growth alone moves the end away without anyone scrolling; only going up leaves it.
      if (left <= NEAR_PX) following = true
      else if (area.scrollTop < top) following = false
      top = area.scrollTop
      setAway(!following)
    }
    const grown = new ResizeObserver(() => {
      if (following) area.scrollTop = area.scrollHeight
    })
    area.addEventListener('scroll', scrolled, { passive: true })
    grown.observe(inner)
    grown.observe(area)
    return () => {
      area.removeEventListener('scroll', scrolled)
      grown.disconnect()
    }
  }, [scroller, content])

  return { away, toEnd: () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight }) }
}
