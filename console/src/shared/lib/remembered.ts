// Small settings that the browser keeps for this page.

/** What was kept under `key`, or nothing where there is none or storage is refused. */
export function recall(key: string): unknown {
  try {
    const kept = localStorage.getItem(key)
    return kept === null ? undefined : JSON.parse(kept)
  } catch {
    return undefined
  }
}

/** Keeps a value; where storage is refused or full, it is forgotten with the page. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Nothing of this is worth interrupting anyone for.
  }
}
