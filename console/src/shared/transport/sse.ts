// Parses `text/event-stream` as the HTML standard describes it. It knows nothing of what the events mean.

/** One event. */
export interface SseEvent {
  /** The last id seen, on this event or before it. */
  id: string
  /** The event's name; `message` unless it has one. */
  event: string
  data: string
}

/** Takes the stream in pieces of any size and gives the events that are whole. */
export class SseParser {
  private rest = ''
  private started = false
  private id = ''
  private event = ''
  private data: string[] = []

  push(piece: string): SseEvent[] {
    this.rest += piece
    if (!this.started && this.rest !== '') {
      this.started = true
      if (this.rest.startsWith('\uFEFF')) this.rest = this.rest.slice(1)
    }
    const events: SseEvent[] = []
    for (;;) {
      const line = this.line()
      if (line === undefined) return events
      const event = this.take(line)
      if (event) events.push(event)
    }
  }

  /** The next whole line. A CR at the end may be half of a CRLF, so it waits for what follows. */
  private line(): string | undefined {
    const end = this.rest.search(/[\r\n]/)
    if (end < 0) return undefined
    const carriage = this.rest[end] === '\r'
    if (carriage && end + 1 === this.rest.length) return undefined
    const line = this.rest.slice(0, end)
    this.rest = this.rest.slice(end + (carriage && this.rest[end + 1] === '\n' ? 2 : 1))
    return line
  }

  private take(line: string): SseEvent | undefined {
    if (line === '') return this.dispatch()
    if (line.startsWith(':')) return undefined
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') this.data.push(value)
    else if (name === 'event') this.event = value
    else if (name === 'id' && !value.includes('\0')) this.id = value
    return undefined
  }

  private dispatch(): SseEvent | undefined {
    const { id, event, data } = this
    this.event = ''
    this.data = []
    if (data.length === 0) return undefined
    return { id, event: event || 'message', data: data.join('\n') }
  }
}

/** The events of a response body. Leaving the loop closes the connection. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent> {
  const parser = new SseParser()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield* parser.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    // Nothing is left to tell anyone when closing fails.
    await reader.cancel().catch(() => undefined)
  }
}
