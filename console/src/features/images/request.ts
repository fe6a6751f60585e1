// Between settings, requests and recipes.

import type { ImageJobBody, ImageJobRecipe } from '@/shared/api/types'

import { DEFAULTS, type Settings } from './model'

/** About so many previews on the way, however many steps there are. */
const PREVIEWS = 10
const USUAL_STEPS = 20

/** The body of a request; `start` is a picture to start from, as a `data:` address. */
export function bodyOf(settings: Settings, model: string, start?: string): ImageJobBody {
  const { prompt, negative, width, height, steps, guidance, scheduler, seed } = settings
  const { count, format, strength } = settings
  return {
    model,
    prompt: prompt.trim(),
    ...(negative.trim() && { negative_prompt: negative.trim() }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(scheduler !== undefined && { scheduler }),
    ...(seed !== undefined && { seed }),
    ...(start !== undefined && { image: start, strength }),
    count,
    format,
    preview_every: Math.max(1, Math.round((steps ?? USUAL_STEPS) / PREVIEWS)),
  }
}

/** The same request once more, from what a job recorded of it. */
export function bodyAgain(recipe: ImageJobRecipe, start?: string): ImageJobBody {
  return bodyOf(settingsOf(recipe), recipe.model, start)
}

/** The settings that make this recipe. A picture's recipe has its own seed; a job's has what was asked. */
export function settingsOf(recipe: ImageJobRecipe): Settings {
  const { model, prompt, width, height, steps, guidance, scheduler, seed } = recipe
  return {
    prompt,
    negative: recipe.negative_prompt ?? '',
    count: recipe.count,
    format: recipe.format,
    strength: recipe.strength ?? DEFAULTS.strength,
    ...(model && { model }),
    ...(width != null && { width }),
    ...(height != null && { height }),
    ...(steps != null && { steps }),
    ...(guidance != null && { guidance }),
    ...(scheduler != null && { scheduler }),
    ...(seed != null && { seed }),
  }
}

export type Fact = readonly [name: string, value: string]

/** A recipe as people read it. */
export function facts(recipe: ImageJobRecipe): Fact[] {
  const { width, height, steps, guidance, scheduler, seed, strength } = recipe
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Model', recipe.model || undefined],
    ['Seed', shown(seed)],
    ['Size', width != null && height != null ? `${width} × ${height}` : undefined],
    ['Steps', shown(steps)],
    ['Guidance', shown(guidance)],
    ['Scheduler', scheduler ?? undefined],
    ['Strength', shown(strength)],
    ['Format', recipe.format.toUpperCase()],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

/** Names of what differs between two recipes, the words included. */
export function differences(a: ImageJobRecipe, b: ImageJobRecipe): Set<string> {
  const words = (recipe: ImageJobRecipe): Fact[] => [
    ['Prompt', recipe.prompt],
    ['Negative prompt', recipe.negative_prompt ?? ''],
    ...facts(recipe),
  ]
  const of = new Map(words(a))
  const other = new Map(words(b))
  const names = new Set([...of.keys(), ...other.keys()])
  return new Set([...names].filter((name) => of.get(name) !== other.get(name)))
}

/** Fractions of the engine are 32 bits wide: 0.8, not 0.800000011920929. Seeds are whole, and long. */
function shown(value: number | null | undefined): string | undefined {
  if (value == null) return undefined
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)))
}
