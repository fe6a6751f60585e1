// Gathers what comes many times a frame and applies it once a frame.

/** Hidden pages get no frames; there a timer does. */
const HIDDEN_MS = 200

export interface Batch<T> {
  add: (item: T) => void
  /** Applies at once what was gathered. */
  flush: () => void
}

export function frameBatch<T>(apply: (items: T[]) => void): Batch<T> {
  let items: T[] = []
  let frame: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function flush() {
    if (frame !== undefined) cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = undefined
    timer = undefined
    const gathered = items
    items = []
    if (gathered.length > 0) apply(gathered)
  }

  function add(item: T) {
    items.push(item)
    if (timer !== undefined) return
    frame = requestAnimationFrame(flush)
    timer = setTimeout(flush, HIDDEN_MS)
  }

  return { add, flush }
}
