import { expect, test, vi } from 'vitest'

import { places } from './places'

const HERE = new URL('https://ai.example/console/')

function at(said: unknown, base = HERE) {
  const { sync, stream, websocket } = places(said, base)
  return [sync.href, stream.href, websocket]
}

test('without a word of config.js everything is where the page came from', () => {
  const own = [HERE.href, HERE.href, 'wss://ai.example/console/v1/ws']
  for (const said of ['', null, {}, { sync: '', stream: '', websocket: '' }])
    expect(at(said)).toEqual(own)
  expect(at({}, new URL('http://127.0.0.1:8080/'))[2]).toBe('ws://127.0.0.1:8080/v1/ws')
})

test('each way to ask may be somewhere else', () => {
  const said = {
    sync: 'https://api.example/live',
    stream: '/stream/',
    websocket: 'wss://ws.example/live',
  }
  expect(at(said)).toEqual([
    'https://api.example/live/',
    'https://ai.example/stream/',
    'wss://ws.example/live',
  ])
  // Streams and conversations go where whole answers go, unless they have a place of their own.
  expect(at({ sync: 'https://api.example' })).toEqual([
    'https://api.example/',
    'https://api.example/',
    'wss://api.example/v1/ws',
  ])
  expect(at({ websocket: 'https://ws.example/live' })[2]).toBe('wss://ws.example/live')
})

test('what is no address is not asked', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  expect(at({ sync: 'javascript:alert(1)', stream: 7 })).toEqual(at({}))
  expect(warn).toHaveBeenCalledTimes(2)
  warn.mockRestore()
})
