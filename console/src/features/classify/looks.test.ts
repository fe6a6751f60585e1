import { expect, test } from 'vitest'

import { Failure } from '@/shared/api/failure'

import { Looks } from './looks'
import type { Answer, Look } from './model'

/** Asks are answered by hand, by the picture's name. */
function table() {
  const asked: string[] = []
  const open = new Map<string, { answer: (answer: Answer) => void; fail: (why: Error) => void }>()
  const closed: string[] = []
  const rests: string[][] = []
  const looks = new Looks(
    (source, model, signal) =>
      new Promise((answer, fail) => {
        const name = 'file' in source ? source.file.name : source.address
        asked.push(`${name} ${model ?? '-'}`)
        open.set(name, { answer, fail })
        signal.addEventListener('abort', () => fail(new DOMException('Stopped.', 'AbortError')))
      }),
    { open: (file) => `blob:${file.name}`, close: (address) => closed.push(address) },
    (ended) => rests.push(ended.map(({ name }) => name)),
  )
  const states = () => looks.all.get().map(({ name, state }) => `${name} ${state}`)
  const answer = async (name: string) => {
    open.get(name)?.answer({ model: 'm', labels: [], inferenceMs: 1, totalMs: 2 })
    await Promise.resolve()
    await Promise.resolve()
  }
  const fail = async (name: string, why: Error) => {
    open.get(name)?.fail(why)
    await Promise.resolve()
    await Promise.resolve()
  }
  return { looks, asked, closed, rests, states, answer, fail }
}

const file = (name: string) => ({ file: new File(['x'], name, { type: 'image/png' }) })
const idOf = (all: readonly Look[], name: string) => all.find((one) => one.name === name)?.id ?? ''

test('two are looked at together, the others wait their turn', async () => {
  const { looks, states, answer, rests } = table()
  looks.add(['a', 'b', 'c'].map(file))
  expect(states()).toEqual(['a looking', 'b looking', 'c waiting'])
  await answer('a')
  expect(states()).toEqual(['a done', 'b looking', 'c looking'])
  await answer('c')
  expect(rests).toEqual([])
  await answer('b')
  expect(rests).toEqual([['a', 'b', 'c']])
})

test('one that cannot be read spoils no other, and can be tried again', async () => {
  const { looks, states, answer, fail } = table()
  looks.add(['a', 'b'].map(file))
  await fail('a', new Failure('it is no picture', { status: 400, param: 'image' }))
  await answer('b')
  expect(states()).toEqual(['a failed', 'b done'])
  expect(looks.all.get()[0]?.failure).toMatchObject({ message: 'it is no picture', param: 'image' })
  looks.again(idOf(looks.all.get(), 'a'))
  expect(states()).toEqual(['a looking', 'b done'])
  await answer('a')
  expect(looks.all.get()[0]).not.toHaveProperty('failure')
})

test('what is taken away is asked for no longer, and its address is given back', async () => {
  const { looks, states, closed, answer } = table()
  looks.add(['a', 'b', 'c'].map(file))
  looks.remove(idOf(looks.all.get(), 'a'))
  expect(states()).toEqual(['b looking', 'c looking'])
  expect(closed).toEqual(['blob:a'])
  await answer('a')
  expect(states()).toEqual(['b looking', 'c looking'])
  looks.clear()
  expect(looks.all.get()).toEqual([])
})

test('another model looks at everything again', async () => {
  const { looks, asked, answer, states } = table()
  looks.use('one')
  looks.add([file('a')])
  await answer('a')
  looks.use('one')
  expect(states()).toEqual(['a done'])
  looks.use('two')
  expect(states()).toEqual(['a looking'])
  expect(asked).toEqual(['a one', 'a two'])
})

test('an address is called by its last part', () => {
  const { looks, states } = table()
  looks.add([
    { address: 'https://pets.example/photos/cat.jpg?s=1' },
    { address: 'https://b.example' },
  ])
  expect(states()).toEqual(['cat.jpg · pets.example looking', 'b.example looking'])
})
