// The official clients of Anthropic and AWS, and the Vercel AI SDK with its providers, against a server
// with a real model: each gets an answer whole and in pieces, and its refusals as errors of its own.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-bedrock-runtime'
import { APICallError, embed, generateText, jsonSchema, Output, streamText } from 'ai'

import { eventually, startServer } from './server.mjs'

const MODEL = 'smollm2-135m-instruct'
const CLAUDE = 'anthropic.claude-3-haiku-20240307-v1:0'
const WORDS = 'Say hello to the harbour.'
const LONG = 'Go on: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20'
const KEYS = { accessKeyId: 'unused', secretAccessKey: 'unused' }

let server
let anthropic
let aws

before(async () => {
  server = await startServer([`anthropic.*=${MODEL}`, `amazon.*=${MODEL}`])
  anthropic = new Anthropic({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 })
  aws = new BedrockRuntimeClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: KEYS,
    maxAttempts: 1,
  })
})
after(async () => {
  aws?.destroy()
  if (server) assert.equal(await server.stop(), 0)
})

/** Waits until one more answer than before is cancelled and nothing is written any more. */
async function cancelledAfter(givesUp) {
  const cancelled = 'busbar_engine_requests_cancelled_total'
  const earlier = await server.metric(cancelled)
  await givesUp()
  await eventually(async () => (await server.metric(cancelled)) === earlier + 1, 'one more is cancelled')
  await eventually(async () => (await server.metric('busbar_engine_slots_busy')) === 0, 'no slot is busy')
}

function asked(more) {
  const messages = [{ role: 'user', content: WORDS }]
  return { model: MODEL, max_tokens: 12, temperature: 0, messages, ...more }
}

test("Anthropic's client gets the same message whole and streamed", async () => {
  const whole = await anthropic.messages.create(asked())
  const stream = anthropic.messages.stream(asked())
  const pieces = []
  stream.on('text', (text) => pieces.push(text))
  const final = await stream.finalMessage()
  assert.ok(whole.content[0].text)
  assert.ok(pieces.length > 1)
  assert.equal(pieces.join(''), whole.content[0].text)
  assert.deepEqual(final.content, whole.content)
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens)
})

test("Anthropic's client gets refusals as its own errors", async () => {
  await assert.rejects(anthropic.messages.create(asked({ model: 'gpt-nothing' })), Anthropic.NotFoundError)
  await assert.rejects(anthropic.messages.create(asked({ temperature: 2 })), Anthropic.BadRequestError)
})

test("Anthropic's client frees the engine when it gives a stream up", async () => {
  await cancelledAfter(async () => {
    const messages = [{ role: 'user', content: LONG }]
    const stream = anthropic.messages.stream(asked({ max_tokens: 1500, messages }))
    const ended = stream.done().catch((error) => error)
    await new Promise((resolve) => stream.once('text', resolve))
    stream.abort()
    assert.ok((await ended) instanceof Anthropic.APIUserAbortError)
  })
})

function conversation(more) {
  const messages = [{ role: 'user', content: [{ text: WORDS }] }]
  const inferenceConfig = { maxTokens: 12, temperature: 0 }
  return { modelId: CLAUDE, messages, inferenceConfig, ...more }
}

test("AWS's client converses, whole and streamed", async () => {
  const whole = await aws.send(new ConverseCommand(conversation()))
  const text = whole.output.message.content[0].text
  assert.ok(text)
  const { stream } = await aws.send(new ConverseStreamCommand(conversation()))
  const events = []
  for await (const event of stream) events.push(event)
  assert.equal(events.map((event) => event.contentBlockDelta?.delta.text ?? '').join(''), text)
  assert.equal(events.at(-1).metadata.usage.outputTokens, whole.usage.outputTokens)
})

test("AWS's client invokes a model by its own body, whole and streamed", async () => {
  const { model: _, ...rest } = asked()
  const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', ...rest })
  const whole = await aws.send(new InvokeModelCommand({ modelId: CLAUDE, body }))
  const { text } = JSON.parse(new TextDecoder().decode(whole.body)).content[0]
  const streamed = await aws.send(new InvokeModelWithResponseStreamCommand({ modelId: CLAUDE, body }))
  const chunks = []
  for await (const { chunk } of streamed.body) chunks.push(JSON.parse(new TextDecoder().decode(chunk.bytes)))
  assert.equal(chunks.map((chunk) => chunk.delta?.text ?? '').join(''), text)
  assert.ok(chunks.at(-1)['amazon-bedrock-invocationMetrics'].outputTokenCount > 0)
})

test("AWS's client gets refusals as its own errors", async () => {
  const missing = new ConverseCommand(conversation({ modelId: 'cohere.command-r-v1:0' }))
  await assert.rejects(aws.send(missing), (error) => {
    assert.ok(error instanceof ResourceNotFoundException)
    assert.match(error.message, new RegExp(MODEL))
    return true
  })
  const inferenceConfig = { maxTokens: 12, temperature: 9 }
  const hot = new ConverseStreamCommand(conversation({ inferenceConfig }))
  await assert.rejects(aws.send(hot), ValidationException)
})

test("AWS's client frees the engine when it gives a stream up", async () => {
  await cancelledAfter(async () => {
    const messages = [{ role: 'user', content: [{ text: LONG }] }]
    const inferenceConfig = { maxTokens: 1500, temperature: 0 }
    const halt = new AbortController()
    const command = new ConverseStreamCommand(conversation({ messages, inferenceConfig }))
    const { stream } = await aws.send(command, { abortSignal: halt.signal })
    let read = 0
    for await (const _ of stream) {
      read += 1
      if (read === 4) break
    }
    halt.abort()
    assert.equal(read, 4)
  })
})

/** The Vercel AI SDK's providers, each pointed at Busbar as its own settings have it. */
const PROVIDERS = {
  'OpenAI chat': () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused' }).chat(MODEL),
  'OpenAI responses': () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused' }).responses(MODEL),
  Anthropic: () => createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'unused' })(MODEL),
  'Amazon Bedrock': () => createAmazonBedrock({ baseURL: server.url, region: 'us-east-1', ...KEYS })(CLAUDE),
}

for (const [name, provider] of Object.entries(PROVIDERS)) {
  const call = (more) => ({
    model: provider(),
    prompt: WORDS,
    temperature: 0,
    maxOutputTokens: 16,
    maxRetries: 0,
    ...more,
  })

  test(`The AI SDK gets the same text whole and streamed, by ${name}`, async () => {
    const whole = await generateText(call())
    assert.ok(whole.text)
    assert.ok(whole.usage.inputTokens > 5 && whole.usage.outputTokens > 0)
    const stream = streamText(call())
    const pieces = []
    for await (const piece of stream.textStream) pieces.push(piece)
    assert.ok(pieces.length > 1)
    assert.equal(pieces.join(''), whole.text)
    assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens)
    assert.equal(await stream.finishReason, whole.finishReason)
  })

  test(`The AI SDK gets a refusal with its reason, by ${name}`, async () => {
    const tools = { weather: { description: 'Of a place.', inputSchema: jsonSchema({ type: 'object' }) } }
    await assert.rejects(generateText(call({ tools })), (error) => {
      assert.ok(APICallError.isInstance(error))
      assert.equal(error.statusCode, 400)
      assert.match(error.message, /cannot call tools/)
      return true
    })
  })
}

for (const name of ['OpenAI chat', 'OpenAI responses']) {
  test(`The AI SDK gets an object that keeps to its schema, by ${name}`, async () => {
    const properties = { colour: { type: 'string', enum: ['red', 'blue'] } }
    const schema = jsonSchema({
      type: 'object',
      properties,
      required: ['colour'],
      additionalProperties: false,
    })
    const answer = await generateText({
      model: PROVIDERS[name](),
      prompt: WORDS,
      maxOutputTokens: 60,
      output: Output.object({ schema }),
    })
    assert.ok(['red', 'blue'].includes(answer.output.colour))
  })
}

test("The AI SDK gets Titan's embeddings by Amazon Bedrock", async () => {
  const bedrock = createAmazonBedrock({ baseURL: server.url, region: 'us-east-1', ...KEYS })
  const { embedding } = await embed({
    model: bedrock.embedding('amazon.titan-embed-text-v2:0'),
    value: 'a boat in the harbour',
  })
  assert.equal(embedding.length, 576)
})
