// Runs for tests.

import type { Way } from '@/shared/transport/answer'

import type { Run } from './model'

export function testRun(round: number, way: Way, given: Partial<Run> = {}): Run {
  return {
    round,
    way,
    place: 1,
    model: 'm',
    text: 'copper',
    firstMs: 50,
    totalMs: 1000,
    tokensPerSecond: 60,
    tokensIn: 10,
    tokensCached: 0,
    tokensOut: 60,
    finishReason: 'stop',
    server: { firstMs: 45, totalMs: 990, tokensPerSecond: 61 },
    ...given,
  }
}
