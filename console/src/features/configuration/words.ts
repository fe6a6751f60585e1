// What a configuration and its versions are, in words. Colour and shape repeat what stands here, never more.

import type { ConfigurationStatus, ConfigurationVersion } from '@/shared/api/types'
import { plural } from '@/shared/lib/format'

export type Fate = 'serves' | 'served' | 'refused'

/** What became of a version. */
export function fateOf(version: ConfigurationVersion): Fate {
  if (version.refused != null) return 'refused'
  return version.serves ? 'serves' : 'served'
}

const FATES: Record<Fate, string> = {
  serves: 'Serves now',
  served: 'Served before',
  refused: 'Refused',
}

export function fate(version: ConfigurationVersion): string {
  return FATES[fateOf(version)]
}

/** Only one that served can serve again. */
export function canServe(version: ConfigurationVersion): boolean {
  return fateOf(version) === 'served'
}

/** What serves, in a sentence. */
export function serving({ version, chosen }: ConfigurationStatus): string {
  if (version == null) return 'What serves is kept nowhere'
  return chosen ? `Version ${version} serves, as chosen` : `Version ${version} serves`
}

/** What a change of the configuration came to, for those who asked for it. */
export function outcome(status: ConfigurationStatus): string {
  const { refused, version } = status
  if (refused != null) {
    const reasons = plural(refused.reasons.length, 'reason')
    return `What the source says was refused, for ${reasons}. The last good version serves on.`
  }
  return version == null ? 'Everything was read again.' : `${serving(status)}.`
}

/** How many settings differ. */
export function changed(count: number): string {
  if (count === 0) return 'Nothing differs, secrets aside: nobody compares those.'
  return count === 1 ? 'One setting differs.' : `${count} settings differ.`
}

/** A version's name in a list. */
export function named({ version, label }: ConfigurationVersion): string {
  return label == null ? `Version ${version}` : `Version ${version} (${label})`
}

/** Which two versions to compare at first: the last that could be read, and the one before it. */
export function firstPair(versions: readonly ConfigurationVersion[]): [number, number] | undefined {
  const comparable = versions.filter(hasContent).map(({ version }) => version)
  const [before, last] = comparable.slice(-2)
  return before === undefined || last === undefined ? undefined : [before, last]
}

/** The version before this one that can be compared with it. */
export function before(
  versions: readonly ConfigurationVersion[],
  version: number,
): number | undefined {
  return versions.filter((one) => hasContent(one) && one.version < version).at(-1)?.version
}

/** One that could not be read has no hash and nothing to compare. */
export function hasContent({ hash }: ConfigurationVersion): boolean {
  return hash !== ''
}
