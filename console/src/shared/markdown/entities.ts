// HTML entities as they occur in Markdown, without a parser of HTML.

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00A0',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  copy: '©',
  reg: '®',
  deg: '°',
  times: '×',
  middot: '·',
  bull: '•',
  larr: '←',
  rarr: '→',
  euro: '€',
}

/** Entities that it does not know stay as they are written. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]\w*));/gi,
    (written, dec, hex, name) => {
      if (name !== undefined) return NAMED[String(name)] ?? written
      return (
        character(dec === undefined ? Number.parseInt(String(hex), 16) : Number(dec)) ?? written
      )
    },
  )
}

function character(code: number): string | undefined {
  const allowed = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return allowed ? String.fromCodePoint(code) : undefined
}
