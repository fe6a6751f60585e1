// What a race showed, in plain words.

import { duration } from '@/shared/lib/format'
import { overlaps, type Spread } from '@/shared/stats/statistics'

import { WAY_NAME, type Run } from './model'
import { results, sameness, type Measure, type WayResult } from './results'

/** Differences of medians below this share are called none. */
const ALIKE = 0.03

/** Sentences, the most telling first; none while a way has no run. */
export function verdict(runs: readonly Run[], seeded: boolean): string[] {
  const all = results(runs)
  if (all.length < 3) return []
  const fewest = Math.min(...all.map(({ spread }) => spread.totalMs.n))
  const caution = fewest < 3 ? ['With fewer than three rounds, chance decides as much.'] : []
  return [firstWords(all), whole(all), ...texts(runs, seeded), ...caution]
}

function firstWords(all: readonly WayResult[]): string {
  const { leaders, others, best } = ranked(all, 'firstMs')
  if (others.length === 0) {
    return `The first words came after about ${duration(best.median)} on all three.`
  }
  const later = others.map(({ way, spread }) => {
    const times = spread.firstMs.median / best.median
    return `over ${WAY_NAME[way]} ${factor(times)} later (${duration(spread.firstMs.median)})`
  })
  const between = leaders.length > 1 ? ', with no clear difference between them' : ''
  const lead = `The first words came soonest over ${names(leaders)} (${duration(best.median)})`
  return `${lead}${between}; ${later.join(' and ')}.`
}

function whole(all: readonly WayResult[]): string {
  const { leaders, others, best } = ranked(all, 'totalMs')
  if (others.length === 0) {
    return `The whole answer took about as long on all three (${duration(best.median)}).`
  }
  const slower = others.map(({ way, spread }) => {
    const share = (spread.totalMs.median / best.median - 1) * 100
    return `${WAY_NAME[way]} took ${share.toFixed(0)} % longer`
  })
  const lead = `The whole answer was there soonest over ${names(leaders)} (${duration(best.median)})`
  return `${lead}; ${slower.join(' and ')}.`
}

function texts(runs: readonly Run[], seeded: boolean): string[] {
  const { rounds, equal, texts } = sameness(runs)
  if (!seeded || rounds === 0) return []
  if (equal < rounds) {
    return [
      `The three texts differ in ${rounds - equal} of ${rounds} rounds, though the seed is fixed.`,
    ]
  }
  if (texts > 1) return ['The three texts are equal in every round, but differ between rounds.']
  return ['The three texts are equal in every round.']
}

/** The best way, those that cannot be told from it, and the others, best first. */
function ranked(all: readonly WayResult[], measure: Measure) {
  const sorted = all.toSorted((a, b) => a.spread[measure].median - b.spread[measure].median)
  const best = sorted[0]?.spread[measure] ?? { n: 0, min: 0, q1: 0, median: 0, q3: 0, max: 0 }
  const leaders: WayResult[] = []
  for (const next of sorted) {
    // Alike to any of those before it: a chain is not cut where its links cannot be told apart.
    const linked = leaders.some(({ spread }) => alike(spread[measure], next.spread[measure]))
    if (leaders.length === 0 || linked) leaders.push(next)
  }
  return { best, leaders, others: sorted.filter((result) => !leaders.includes(result)) }
}

function alike(better: Spread, other: Spread): boolean {
  return overlaps(better, other) || other.median <= better.median * (1 + ALIKE)
}

function factor(times: number): string {
  if (times < 1.95) return `${((times - 1) * 100).toFixed(0)} %`
  return `${times.toFixed(times < 9.95 ? 1 : 0)} times`
}

function names(some: readonly WayResult[]): string {
  return some.map(({ way }) => WAY_NAME[way]).join(' and ')
}
