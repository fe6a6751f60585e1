// One WebSocket that carries many answers at once, and comes back when it breaks.

import { connectionLost, unreachable } from '@/shared/api/failure'
import type { ChatBody, ServerFrame } from '@/shared/api/types'

import type { AnswerOptions } from './answer'
import { Flight } from './flight'
import { readFrame, type ClientFrame } from './frames'
import { waitBefore } from './patience'

/** The part of `WebSocket` that is used; tests bring their own. */
export type Socket = Pick<
  WebSocket,
  'send' | 'close' | 'onmessage' | 'onclose' | 'onerror' | 'readyState'
>

const HEARTBEAT_MS = 20_000

export class SocketClient {
  private socket: Socket | undefined
  private ready = false
  private attempt = 0
  private heard = 0
  private next = 0
  private heartbeat: ReturnType<typeof setInterval> | undefined
  private reopening: ReturnType<typeof setTimeout> | undefined
  private readonly flights = new Map<string, Flight>()
  private waiting: { resolve: () => void; reject: (reason: Error) => void }[] = []

  constructor(private readonly open: () => Socket) {}

  /** Resolves when the connection is ready to carry answers. */
  connect(): Promise<void> {
    if (this.ready) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.ensure()
    })
  }

  chat(body: ChatBody, options: AnswerOptions): Promise<void> {
    return this.fly({ body }, options)
  }

  /** Gives a stream that was started earlier, from its first event, and goes on with it. */
  resume(stream: string, options: AnswerOptions): Promise<void> {
    return this.fly({ stream }, options)
  }

  private fly(asked: { body: ChatBody } | { stream: string }, options: AnswerOptions) {
    this.next += 1
    const flight = new Flight(`a${this.next}`, asked, options)
    if (options.signal.aborted) flight.stop()
    else this.board(flight, options.signal)
    return flight.done
  }

  private board(flight: Flight, signal: AbortSignal): void {
    this.flights.set(flight.id, flight)
    signal.addEventListener('abort', () => this.cancel(flight), { once: true })
    if (this.ready) this.send(flight.opening())
    else this.ensure()
  }

  private cancel(flight: Flight): void {
    if (!this.flights.delete(flight.id)) return
    if (this.ready) this.send({ type: 'cancel', id: flight.id })
    flight.stop()
  }

  private ensure(): void {
    if (this.socket ?? this.reopening) return
    const socket = this.open()
    this.socket = socket
    this.heard = Date.now()
    socket.onmessage = (message) => this.receive(readFrame(message.data))
    socket.onclose = () => this.closed()
    // A close always follows an error, and says all that can be known.
    socket.onerror = () => undefined
    this.watch(HEARTBEAT_MS)
  }

  private receive(frame: ServerFrame | undefined): void {
    this.heard = Date.now()
    if (frame?.type === 'ready') {
      this.boardAll(frame.heartbeat_ms)
      return
    }
    if (!frame || !('id' in frame)) return
    for (const flight of this.addressees(frame.id)) {
      if (flight.take(frame)) this.flights.delete(flight.id)
    }
  }

  /** Whom a frame is for. One without a name says that a question was not understood, and not which:
   *  it can be none that was begun. */
  private addressees(id: string | null | undefined): Flight[] {
    const all = [...this.flights.values()]
    return all.filter((flight) => (id == null ? !flight.started : flight.id === id))
  }

  private boardAll(heartbeat: number): void {
    this.ready = true
    this.attempt = 0
    this.watch(heartbeat)
    for (const flight of this.flights.values()) this.send(flight.opening())
    for (const { resolve } of this.waiting.splice(0)) resolve()
  }

  private closed(): void {
    const served = this.ready
    this.drop()
    const now = Date.now()
    for (const flight of [...this.flights.values()]) {
      flight.lose(now)
      if (flight.survives(now)) continue
      this.flights.delete(flight.id)
      flight.fail(served || flight.started ? connectionLost() : unreachable())
    }
    for (const { reject } of this.waiting.splice(0)) reject(unreachable())
    if (this.flights.size > 0) this.reopen()
  }

  private reopen(): void {
    this.reopening = setTimeout(() => {
      this.reopening = undefined
      if (this.flights.size > 0) this.ensure()
    }, waitBefore(this.attempt))
    this.attempt += 1
  }

  private send(frame: ClientFrame): void {
    this.socket?.send(JSON.stringify(frame))
  }

  /** A dead connection may look open for minutes. Silence while something is awaited is asked about,
   *  and silence after that ends it. */
  private watch(period: number): void {
    clearInterval(this.heartbeat)
    this.heartbeat = setInterval(() => {
      const silent = Date.now() - this.heard
      const awaited = this.flights.size > 0 || this.waiting.length > 0
      if (!awaited) this.heard = Date.now()
      else if (silent >= 2 * period) this.closed()
      else if (silent >= period && this.ready) this.send({ type: 'ping', at: Date.now() })
    }, period)
  }

  private drop(): void {
    clearInterval(this.heartbeat)
    this.ready = false
    const socket = this.socket
    this.socket = undefined
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }
}
