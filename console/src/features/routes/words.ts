// How routes and their targets are, in words. Colour and shape repeat what stands here, never more.

import type { Metrics, RouteTarget } from '@/shared/api/types'
import { duration, percent, plural } from '@/shared/lib/format'

export type Health = 'well' | 'probing' | 'away'

/** Whether it would be asked: what the mark beside its name shows. */
export function healthOf(target: RouteTarget): Health {
  if (!target.present || target.breaker === 'open') return 'away'
  return target.breaker === 'closed' && target.rests_for_ms == null ? 'well' : 'probing'
}

/** The breaker's state, and what it means for the next request. */
export function breaker(target: RouteTarget): string {
  if (!target.present) return 'Not here yet: its model is still loading, or is missing'
  if (target.breaker === 'open') {
    const wait = target.opens_in_ms
    return wait == null
      ? 'Breaker open: nothing is sent there'
      : `Breaker open: a probe goes there in ${duration(wait)}`
  }
  if (target.breaker === 'half_open') return 'Breaker half open: one probe at a time'
  if (target.rests_for_ms != null)
    return `Left alone for ${duration(target.rests_for_ms)}, as it asked`
  return 'Breaker closed: requests go there'
}

/** What the breaker has seen within its window. */
export function seen(target: RouteTarget): string {
  if (target.calls === 0) return 'none of late'
  const slow = target.slow > 0 ? `, ${percent(target.slow)} slow` : ''
  return `${plural(target.calls, 'call')}, ${percent(target.failed)} failed${slow}`
}

/** Requests under way, and how many there may be. */
export function load(target: RouteTarget): string {
  return target.limit == null ? `${target.in_flight}` : `${target.in_flight} of ${target.limit}`
}

const CHOICES: Record<string, string> = {
  listed: 'in the order in which they are written',
  weights: 'by chance and weight',
  fastest: 'the quickest first',
  cheapest: 'the cheapest first',
  sticky: 'always the same one for the same key',
}

/** How a tier chooses among its targets. */
export function choice(word: string): string {
  return CHOICES[word] ?? word
}

const RESORTS: Record<string, string> = {
  cached: 'an earlier answer',
  static: 'a fixed text',
}

/** What is left when nobody answers. */
export function lastResorts(words: readonly string[]): string {
  const named = words.map((word) => RESORTS[word] ?? word)
  return named.length === 0 ? 'an error' : named.join(', then ')
}

const STEPS: Record<string, string> = {
  region: 'the same model, elsewhere',
  alternative: 'another model',
  cheaper: 'a cheaper model',
  local: 'a model that runs here',
  cached: 'an earlier answer, as nobody answered',
  static: 'a fixed text, as nobody answered',
}

const CACHES: Record<string, string> = {
  hit: 'an answer that was kept',
  miss: 'no answer was kept',
  shared: 'shared with the same request of another',
  stale: 'an old answer that was kept',
}

/** What a request cost; what has no price here is not free. */
export function cost(usd: number | null | undefined): string {
  if (usd == null) return 'no price is known'
  return usd === 0 ? 'nothing' : `$${Number(usd.toPrecision(3)).toFixed(usd < 1 ? 6 : 2)}`
}

/** How an answer came about: names and what stands beside them. */
export function course(metrics: Metrics): [string, string][] {
  const { route } = metrics
  const facts: [string, string][] = [
    ['Answered by', route?.target ?? (route ? 'nobody' : metrics.model)],
  ]
  if (route) {
    const { degraded } = route
    facts.push(['Attempts', String(route.attempts)])
    facts.push(['Choice', degraded == null ? 'the first' : (STEPS[degraded] ?? degraded)])
    if (route.cache != null) facts.push(['Cache', CACHES[route.cache] ?? route.cache])
  }
  facts.push(['First token', duration(metrics.first_chunk_ms ?? undefined)])
  facts.push(['Total', duration(metrics.total_ms)])
  const estimated = metrics.cost_estimated ? ', estimated' : ''
  facts.push(['Cost', `${cost(metrics.cost_usd)}${estimated}`])
  return facts
}
