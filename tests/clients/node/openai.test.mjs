// The official client for Node against a server with a real model.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import OpenAI from 'openai'

import { eventually, startServer } from './server.mjs'

const MODEL = 'smollm2-135m-instruct'
const HELLO = [{ role: 'user', content: 'Say hello to the harbour.' }]
// The model's own ends of an answer: forbidden, it writes as long as it is let.
const ENDLESS = { 0: -100, 2: -100 }

let server
let client

before(async () => {
  server = await startServer()
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused', maxRetries: 0 })
})
after(async () => {
  if (server) assert.equal(await server.stop(), 0)
})

function asked(more) {
  return { model: MODEL, messages: HELLO, max_tokens: 10, seed: 5, logit_bias: ENDLESS, ...more }
}

test('An answer has its text, its end and its usage', async () => {
  const answer = await client.chat.completions.create(asked())
  assert.ok(answer.choices[0].message.content)
  assert.equal(answer.choices[0].finish_reason, 'length')
  assert.equal(answer.usage.completion_tokens, 10)
  assert.ok(answer._request_id)
})

test('A stream brings the same text in pieces, and its usage if asked', async () => {
  const whole = await client.chat.completions.create(asked())
  const stream = await client.chat.completions.create(
    asked({ stream: true, stream_options: { include_usage: true } }),
  )
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
  assert.equal(text, whole.choices[0].message.content)
  assert.ok(chunks.length > 3)
  assert.equal(chunks.at(-1).usage.completion_tokens, 10)
})

test("The client's own gathering of a stream gives the whole answer", async () => {
  const whole = await client.chat.completions.create(asked())
  const gathered = await client.chat.completions.stream(asked()).finalChatCompletion()
  assert.equal(gathered.choices[0].message.content, whole.choices[0].message.content)
  assert.equal(gathered.choices[0].finish_reason, 'length')
})

test('An answer keeps to a JSON schema', async () => {
  const schema = {
    type: 'object',
    properties: { colour: { enum: ['red', 'blue'] } },
    required: ['colour'],
    additionalProperties: false,
  }
  const answer = await client.chat.completions.create({
    model: MODEL,
    messages: HELLO,
    max_tokens: 60,
    seed: 5,
    response_format: { type: 'json_schema', json_schema: { name: 'paint', schema, strict: true } },
  })
  const read = JSON.parse(answer.choices[0].message.content)
  assert.ok(['red', 'blue'].includes(read.colour))
})

test('Embeddings have unit length', async () => {
  const { data } = await client.embeddings.create({ model: MODEL, input: ['a boat', 'a ship'] })
  assert.equal(data.length, 2)
  for (const { embedding } of data) {
    assert.equal(embedding.length, 576)
    assert.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-3)
  }
})

test('Models are listed', async () => {
  const ids = []
  for await (const model of client.models.list()) ids.push(model.id)
  assert.ok(ids.includes(MODEL))
})

test("Errors are of the client's own classes and name what is wrong", async () => {
  await assert.rejects(client.chat.completions.create(asked({ model: 'gpt-nothing' })), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError)
    assert.match(error.message, new RegExp(MODEL))
    assert.ok(error.requestID)
    return true
  })
  await assert.rejects(client.chat.completions.create(asked({ temperature: 9 })), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError)
    assert.equal(error.param, 'temperature')
    return true
  })
})

test('A stream that is given up frees the engine', async () => {
  const cancelled = 'busbar_engine_requests_cancelled_total'
  const earlier = await server.metric(cancelled)
  const stream = await client.chat.completions.create(asked({ stream: true, max_tokens: 1500 }))
  let read = 0
  for await (const _ of stream) {
    read += 1
    if (read === 3) stream.controller.abort()
  }
  assert.ok(read >= 3 && read < 1000)
  await eventually(async () => (await server.metric(cancelled)) === earlier + 1, 'one more is cancelled')
  await eventually(async () => (await server.metric('busbar_engine_slots_busy')) === 0, 'no slot is busy')
})
