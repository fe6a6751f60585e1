// Stop texts as lines of a field, with `\n` and `\t` for what a line cannot hold.

/** As many as the API takes. */
const MOST = 4

export function readStops(field: string): string[] {
  const lines = field.split('\n').filter((line) => line !== '')
  return lines.slice(0, MOST).map((line) =>
    line.replace(/\\([nt\\])/g, (_, letter: string) => {
      if (letter === 'n') return '\n'
      return letter === 't' ? '\t' : '\\'
    }),
  )
}

export function writeStops(stops: readonly string[]): string {
  const lines = stops.map((stop) =>
    stop.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t'),
  )
  return lines.join('\n')
}
