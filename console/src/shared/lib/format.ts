// Figures as people read them.

const DASH = '–'

/** Milliseconds: `38 ms`, `1.92 s`, `1 min 4 s`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return DASH
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${ms.toFixed(0)} ms`
  const seconds = ms / 1000
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** A rate: `61.4`, `128`. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return DASH
  return perSecond.toFixed(perSecond < 99.95 ? 1 : 0)
}

/** A whole number with thousands apart. */
export function count(value: number | undefined): string {
  return value === undefined ? DASH : value.toLocaleString('en')
}

/** `1 part`, `3 parts`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** A text cut at a word's end, for titles. */
export function excerpt(text: string, length: number): string {
  const line = text.trim().replace(/\s+/g, ' ')
  if (line.length <= length) return line
  const cut = line.slice(0, length)
  const word = cut.lastIndexOf(' ')
  return `${cut.slice(0, word > length / 2 ? word : length).trimEnd()}…`
}

/** What a program says, as people write it. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A name for a file made of a title. */
export function fileName(title: string): string {
  const plain = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return plain.slice(0, 60) || 'busbar'
}

/** Seconds as one says them while waiting: `a moment`, `12 s`, `3 min`, `1 h 5 min`. */
export function roughly(seconds: number): string {
  if (seconds < 2) return 'a moment'
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A share from 0 to 1: `51.6 %`, `<0.1 %`. */
export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return '<0.1 %'
  return `${value.toFixed(value > 99.95 ? 0 : 1)} %`
}

/** A file's length: `812 B`, `14 KB`, `2.3 MB`. */
export function bytes(length: number): string {
  if (length < 1000) return `${length} B`
  if (length < 999_500) return `${Math.round(length / 1000)} KB`
  return `${(length / 1_000_000).toFixed(1)} MB`
}
