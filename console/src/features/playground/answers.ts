// Asks for answers and writes what comes into the history; stops them, asks again, goes on.

import { asFailure, isAbort } from '@/shared/api/failure'
import { excerpt } from '@/shared/lib/format'
import { frameBatch } from '@/shared/lib/frames'
import { newId } from '@/shared/lib/id'
import type { AnswerEvent, AnswerOptions, Call, Way } from '@/shared/transport/answer'

import type { History } from './history'
import { busyAnswer, type Answer, type Conversation, type Question, type Turn } from './model'
import { readoutOf } from './readout'
import { callFor, wayOf } from './request'

/** For how long the server keeps an answer whose connection broke. */
export const RESUME_SECONDS = 60

export interface Transports {
  ask: (way: Way, call: Call, options: AnswerOptions) => Promise<void>
  rejoin: (way: Way, stream: string, options: AnswerOptions) => Promise<void>
}

type Start = (options: AnswerOptions) => Promise<void>

export class Answers {
  private readonly running = new Map<string, AbortController>()

  constructor(
    private readonly history: History,
    private readonly transports: Transports,
    private readonly now: () => number = Date.now,
  ) {}

  /** Asks a question at the end of a conversation. */
  send(id: string, model: string, asked: Omit<Question, 'id' | 'role'>): void {
    const question: Question = { id: newId(), role: 'user', ...asked }
    this.history.change(id, (conversation) => ({
      ...conversation,
      title: conversation.title || excerpt(asked.file ?? asked.text, 48),
      updatedAt: this.now(),
      turns: [...conversation.turns, question],
    }))
    this.answer(id, model)
  }

  /** Asks a question anew in other words; what came after it goes. */
  edit(id: string, model: string, questionId: string, text: string): void {
    this.stop(id)
    this.history.change(id, (conversation) => {
      const at = conversation.turns.findIndex((turn) => turn.id === questionId)
      const turns = conversation.turns.slice(0, at + 1)
      return {
        ...conversation,
        updatedAt: this.now(),
        turns: turns.with(at, { id: questionId, role: 'user', text }),
      }
    })
    this.answer(id, model)
  }

  /** Asks the last question once more; the answer that it had goes. */
  retry(id: string, model: string): void {
    this.stop(id)
    this.history.change(id, (conversation) => {
      const last = conversation.turns.at(-1)
      const turns =
        last?.role === 'assistant' ? conversation.turns.slice(0, -1) : conversation.turns
      return { ...conversation, turns }
    })
    this.answer(id, model)
  }

  /** Has the last answer written on from where it stands. */
  proceed(id: string, model: string): void {
    const conversation = this.history.get(id)
    const last = conversation?.turns.at(-1)
    if (!conversation || last?.role !== 'assistant') return
    const call = callFor(conversation, conversation.turns, model, last.text)
    const way = wayOf(conversation.mode, conversation.settings.way)
    const { id: answerId, text } = last
    const onward = { ...blankAnswer(answerId, way, this.now()), text, kept: text.length }
    this.put(id, onward)
    this.run(id, answerId, (options) => this.transports.ask(way, call, options))
  }

  stop(id: string): void {
    const conversation = this.history.get(id)
    const answer = conversation && busyAnswer(conversation)
    if (answer) this.running.get(answer.id)?.abort()
  }

  /** After a reload: goes on with the answers that the server still writes. */
  rejoin(): void {
    for (const { id, turns } of this.history.shown.get().kept) {
      const answer = turns.at(-1)
      if (answer?.role !== 'assistant') continue
      if (answer.state !== 'waiting' && answer.state !== 'writing') continue
      const { stream, way } = answer
      if (stream === undefined) this.interrupt(id, answer)
      else this.run(id, answer.id, (options) => this.transports.rejoin(way, stream, options))
    }
  }

  private answer(id: string, model: string): void {
    const conversation = this.history.get(id)
    if (!conversation) return
    const call = callFor(conversation, conversation.turns, model)
    const way = wayOf(conversation.mode, conversation.settings.way)
    const json = call.kind === 'chat' && conversation.settings.json
    const answer = { ...blankAnswer(newId(), way, this.now()), ...(json && { json }) }
    this.put(id, answer)
    this.run(id, answer.id, (options) => this.transports.ask(way, call, options))
  }

  private run(id: string, answerId: string, start: Start): void {
    const control = new AbortController()
    this.running.set(answerId, control)
    const change = (edit: (answer: Answer) => Answer) => this.changeAnswer(id, answerId, edit)
    const text = frameBatch<string>((pieces) => {
      change((answer) => ({ ...answer, state: 'writing', text: answer.text + pieces.join('') }))
    })
    const onEvent = (event: AnswerEvent) => {
      if (event.type === 'text') text.add(event.text)
      else {
        text.flush()
        change((answer) => after(answer, event))
      }
    }
    start({ signal: control.signal, onEvent, resumeSeconds: RESUME_SECONDS })
      .catch((thrown: unknown) => {
        text.flush()
        change((answer) => ended(answer, thrown))
      })
      .finally(() => this.running.delete(answerId))
  }

  private interrupt(id: string, answer: Answer): void {
    const message = 'The page was closed before the answer was whole.'
    this.put(id, { ...answer, state: 'failed', failure: { message } })
  }

  private changeAnswer(id: string, answerId: string, edit: (answer: Answer) => Answer): void {
    this.history.change(id, (conversation) => ({
      ...conversation,
      turns: conversation.turns.map((turn) =>
        turn.id === answerId && turn.role === 'assistant' ? edit(turn) : turn,
      ),
    }))
  }

  private put(id: string, answer: Answer): void {
    this.history.change(id, (conversation) => ({
      ...conversation,
      turns: withAnswer(conversation, answer),
    }))
  }
}

function withAnswer({ turns }: Conversation, answer: Answer): readonly Turn[] {
  const at = turns.findIndex(({ id }) => id === answer.id)
  return at < 0 ? [...turns, answer] : turns.with(at, answer)
}

function blankAnswer(id: string, way: Way, askedAt: number): Answer {
  return { id, role: 'assistant', text: '', state: 'waiting', way, askedAt }
}

function after(answer: Answer, event: Exclude<AnswerEvent, { type: 'text' }>): Answer {
  switch (event.type) {
    case 'started':
      // A stream that is joined again comes from its first event.
      return {
        ...answer,
        text: answer.text.slice(0, answer.kept ?? 0),
        ...(event.stream !== undefined && { stream: event.stream }),
      }
    case 'progress': {
      const { stage, done, total } = event
      return { ...answer, progress: { stage, done, total } }
    }
    case 'lost':
    case 'resumed':
      return { ...answer, line: event.type }
    case 'handed-over':
      return answer
    case 'done': {
      const cancelled = event.finishReason === 'cancelled'
      const readout = readoutOf(event)
      return {
        ...answer,
        state: cancelled ? 'stopped' : 'done',
        finishReason: event.finishReason,
        ...(readout && { readout }),
      }
    }
  }
}

function ended(answer: Answer, thrown: unknown): Answer {
  if (isAbort(thrown)) return { ...answer, state: 'stopped' }
  const { message, status, param, code, requestId, retryAfter } = asFailure(thrown)
  return {
    ...answer,
    state: 'failed',
    failure: { message, status, param, code, requestId, retryAfter },
  }
}
