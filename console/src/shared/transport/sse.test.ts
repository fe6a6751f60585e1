import { expect, test } from 'vitest'

import { SseParser } from './sse'

function parse(...pieces: string[]) {
  const parser = new SseParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

test('an event has an id, a name and data', () => {
  expect(parse('id: a:1\nevent: progress\ndata: {"done":1}\n\n')).toEqual([
    { id: 'a:1', event: 'progress', data: '{"done":1}' },
  ])
})

test('any cut of the stream gives the same events', () => {
  const stream =
    ': hello\r\nid: s:1\r\ndata: one\r\ndata: two\r\n\r\nid: s:2\rdata:three\r\rdata: é\n\n'
  const whole = parse(stream)
  expect(whole).toEqual([
    { id: 's:1', event: 'message', data: 'one\ntwo' },
    { id: 's:2', event: 'message', data: 'three' },
    { id: 's:2', event: 'message', data: 'é' },
  ])
  expect(parse(...stream.split(''))).toEqual(whole)
  for (let cut = 1; cut < stream.length; cut += 1) {
    expect(parse(stream.slice(0, cut), stream.slice(cut))).toEqual(whole)
  }
})

test('comments, unknown fields and events without data give nothing', () => {
  expect(parse(': keep-alive\n\n', 'retry: 5\n\n', 'event: x\n\n', 'data\n\n')).toEqual([
    { id: '', event: 'message', data: '' },
  ])
})

test('a name holds for one event only, an id for all that follow', () => {
  expect(parse('event: a\nid: 1\ndata: x\n\n', 'data: y\n\n')).toEqual([
    { id: '1', event: 'a', data: 'x' },
    { id: '1', event: 'message', data: 'y' },
  ])
})

test('a byte order mark at the start is no part of the first line', () => {
  expect(parse('\uFEFFdata: x\n\n')).toEqual([{ id: '', event: 'message', data: 'x' }])
})

test('only one space after the colon is dropped', () => {
  expect(parse('data:  x \n\n')[0]?.data).toBe(' x ')
})

test('an event that is not ended is not given', () => {
  expect(parse('data: x\n')).toEqual([])
})
