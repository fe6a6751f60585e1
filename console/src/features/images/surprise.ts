// Prompts for those who have no idea yet.

import type { Example } from '@/shared/ui/Welcome'

export const EXAMPLES: readonly Example[] = [
  { title: 'Someone cheerful', text: 'a happy robot, flat style' },
  { title: 'Something to eat', text: 'a slice of pizza with sunglasses' },
  { title: 'An animal', text: 'a sleepy octopus' },
  { title: 'The sky', text: 'a smiling moon with a night cap' },
]

const MOODS = ['a happy', 'a sleepy', 'a grumpy', 'a very proud', 'a surprised', 'a winking']
const WHO = ['robot', 'octopus', 'cat', 'avocado', 'dragon', 'cup of tea', 'penguin', 'snail']
const EXTRAS = [
  '',
  ' with sunglasses',
  ' wearing a crown',
  ' with a balloon',
  ' in the rain',
  ' at the beach',
]

/** `random` gives numbers from 0 to below 1. */
export function surprise(random: () => number): string {
  const one = (of: readonly string[]) => of[Math.floor(random() * of.length)] ?? ''
  return `${one(MOODS)} ${one(WHO)}${one(EXTRAS)}`
}

/** A seed: 32 bits, as engines have them. */
export function newSeed(random: () => number): number {
  return Math.floor(random() * 2 ** 32)
}
