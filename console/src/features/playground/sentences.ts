// Which part of a growing text can be read aloud already.

/** Where the last finished sentence or line at or after `from` ends; `from` where none does. */
export function finishedUpTo(text: string, from: number): number {
  const rest = text.slice(from)
  // A mark of the end counts once something follows it: `3.` may become `3.5`.
  const ends = [...rest.matchAll(/[.!?…:](?=["')\]]?\s)["')\]]?\s|\n/g)]
  const last = ends.at(-1)
  return last ? from + last.index + last[0].length : from
}

/** Markdown's marks say nothing when they are read aloud. */
export function spoken(markdown: string): string {
  return markdown
    .replace(/```[^\n]*\n?/g, ' ')
    .replace(/[*_#`>|~]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
