// A moment, as people of this place write it.

const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** Seconds since 1970. */
export function When({ at }: { at: number }) {
  const date = new Date(at * 1000)
  return <time dateTime={date.toISOString()}>{DAY_AND_TIME.format(date)}</time>
}
