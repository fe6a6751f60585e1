// The page's state: one for the console, so that nothing is lost while another page is looked at.

import { percent, plural } from '@/shared/lib/format'
import { recall, remember } from '@/shared/lib/remembered'
import { Store } from '@/shared/lib/store'
import { api } from '@/shared/transport'
import { announce } from '@/shared/ui/announce'

import { Looks } from './looks'
import { DEFAULTS, verdict, type Look, type Settings } from './model'
import { predictWith } from './predict'

const KEPT = 'busbar.classify'

export const settings = new Store<Settings>({
  ...DEFAULTS,
  ...(recall(KEPT) as Partial<Settings> | undefined),
})

export function configure(change: Partial<Settings>): void {
  settings.update((before) => ({ ...before, ...change }))
  remember(KEPT, settings.get())
}

export const looks = new Looks(
  predictWith(api),
  {
    open: (file) => URL.createObjectURL(file),
    close: (address) => URL.revokeObjectURL(address),
  },
  (ended) => announce(spoken(ended)),
)

/** One is told with its answer, several by their number: nobody wants a list read out unasked. */
function spoken(ended: readonly Look[]): string {
  const done = ended.filter(({ state }) => state === 'done')
  const [only] = done
  // A failure is an alert of its own.
  if (!only) return ''
  const [first] = only.answer?.labels ?? []
  if (done.length > 1) return `${plural(done.length, 'picture')} looked at.`
  const score = first ? `, ${percent(first.score)}` : ''
  return `${only.name}: ${verdict(only.answer?.labels ?? [])}${score}.`
}
