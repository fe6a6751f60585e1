// The page's state: one for the console, so that pictures are followed while another page is looked at.

import { reachable } from '@/shared/api/address'
import type { ImageJob, ImageJobBody, ImageJobRecipe } from '@/shared/api/types'
import { dataAddress } from '@/shared/lib/picture'
import { downloadBlob } from '@/shared/lib/download'
import { excerpt, fileName } from '@/shared/lib/format'
import { newId } from '@/shared/lib/id'
import { recall, remember } from '@/shared/lib/remembered'
import { Store } from '@/shared/lib/store'
import { api } from '@/shared/transport'
import { announce } from '@/shared/ui/announce'
import { notify } from '@/shared/ui/notices'

import { Gallery, refusal } from './gallery'
import {
  DEFAULTS,
  isOver,
  madeBy,
  type Made,
  type Optional,
  type Refusal,
  type Settings,
  type Start,
} from './model'
import { bodyAgain, bodyOf, settingsOf } from './request'
import { milestone } from './words'

const KEPT = 'busbar.images'
const SENDING = 'busbar.images.sending'
const PATH = '#/images'
/** How long a removal can be taken back. */
const REGRET_MS = 8000

export const settings = new Store<Settings>({
  ...DEFAULTS,
  ...(recall(KEPT) as Partial<Settings> | undefined),
})
export const start = new Store<Start | undefined>(undefined)
/** Why the last request was refused, and whether one is on its way. */
export const asking = new Store<{ busy: boolean; refused?: Refusal }>({ busy: false })
export const gallery = new Gallery(api, told)

/** Pictures that jobs of this page began with; the server does not give them back. */
const starts = new Map<string, Start>()

export function configure(change: Partial<Settings>): void {
  settings.update((before) => ({ ...before, ...change }))
  remember(KEPT, settings.get())
}

/** Sets one that may be left out, or leaves it out. */
export function choose<K extends Optional>(key: K, value: Settings[K] | undefined): void {
  settings.update((before) => {
    const next = { ...before }
    Reflect.deleteProperty(next, key)
    return value === undefined ? next : { ...next, [key]: value }
  })
  remember(KEPT, settings.get())
}

/** Takes over how a picture was made; the words stay where only the settings are wanted. */
export function takeOver(recipe: ImageJobRecipe): void {
  settings.set({ ...settingsOf(recipe), count: settings.get().count })
  remember(KEPT, settings.get())
  announce('The settings are taken over.')
}

export function startFrom(file: Blob, name: string): void {
  const before = start.get()
  // A job may still be made again from it.
  if (before && ![...starts.values()].includes(before)) URL.revokeObjectURL(before.preview)
  start.set({ file, name, preview: URL.createObjectURL(file) })
}

/** Asks for what the form says. */
export async function make(model: string): Promise<void> {
  const from = start.get()
  const picture = from && (await dataAddress(from.file))
  await submit(bodyOf(settings.get(), model, picture), from)
}

/** Asks once more for what a job was asked. */
export async function again(job: ImageJob): Promise<void> {
  const from = starts.get(job.id)
  if (job.recipe.strength != null && !from) {
    takeOver(job.recipe)
    notify('The picture that it began with is not here any more. Add it, then make it again.')
    return
  }
  await submit(bodyAgain(job.recipe, from && (await dataAddress(from.file))), from)
}

export async function cancel(id: string): Promise<void> {
  await gallery.cancel(id).catch((thrown: unknown) => notify(refusal(thrown).message))
}

/** Removes a job with its pictures; for a few seconds that can be taken back. */
export function remove({ id, pictures = [] }: ImageJob): void {
  gallery.hide(id)
  const timer = setTimeout(() => end(false), REGRET_MS)
  const end = (closing: boolean) => {
    clearTimeout(timer)
    removeEventListener('pagehide', leaving)
    gallery.remove(id, closing).catch((thrown: unknown) => notify(refusal(thrown).message))
  }
  const leaving = () => end(true)
  addEventListener('pagehide', leaving)
  const what = pictures.length > 1 ? `${pictures.length} pictures` : 'It'
  notify(`${what} will be gone in a moment.`, {
    label: 'Undo',
    run: () => {
      clearTimeout(timer)
      removeEventListener('pagehide', leaving)
      void gallery.restore(id)
    },
  })
}

/** The file of a picture, with its address made new where it is too old to open it. */
export async function fileOf({ job, picture }: Made): Promise<Blob> {
  const answer = await fetch(reachable(picture.url))
  if (answer.ok) return answer.blob()
  await gallery.refresh(job.id)
  const fresh = madeBy(gallery.shown.get().jobs).find(
    (one) => one.job.id === job.id && nameIn(one.picture.url) === nameIn(picture.url),
  )
  const again = fresh && (await fetch(reachable(fresh.picture.url)))
  if (!again?.ok) throw new Error('The picture is not here any more.')
  return again.blob()
}

export async function save(made: Made): Promise<void> {
  const { picture, recipe } = made
  const ending = picture.content_type.split('/')[1] ?? 'png'
  const name = `${fileName(excerpt(recipe.prompt, 50))}-${recipe.seed ?? 0}.${ending}`
  try {
    downloadBlob(name, await fileOf(made))
  } catch (thrown) {
    notify(refusal(thrown).message)
  }
}

/** A file's path stays; only its signature ends. */
function nameIn(address: string): string {
  return new URL(address, location.href).pathname
}

async function submit(body: ImageJobBody, from: Start | undefined): Promise<void> {
  if (asking.get().busy) return
  const key = newId()
  // A page that is closed now has asked all the same: the next one asks again under the same key.
  remember(SENDING, { key, body })
  asking.set({ busy: true })
  try {
    const job = await gallery.submit(body, key)
    if (from) starts.set(job.id, from)
    asking.set({ busy: false })
    announce('Asked for. It appears below while it is made.')
  } catch (thrown) {
    asking.set({ busy: false, refused: refusal(thrown) })
  }
  remember(SENDING, null)
}

/** Says what is worth saying: each quarter, and the end. */
function told(before: ImageJob, job: ImageJob): void {
  const part = milestone(before, job)
  if (part) announce(part)
  if (isOver(before) || !isOver(job)) return
  if (job.state === 'cancelled') announce('Stopped.')
  if (job.state !== 'succeeded') return
  const { length } = job.pictures ?? []
  const done = length === 1 ? 'The picture is' : `${length} pictures are`
  announce(`${done} ready: ${excerpt(job.recipe.prompt, 60)}.`)
  if (location.hash.startsWith(PATH)) return
  notify(`${done} ready.`, { label: 'Show', run: () => (location.hash = PATH) })
}

let started = false

/** Reads what there is and follows it. Once. */
export function startImages(): void {
  if (started) return
  started = true
  void resend().then(() => gallery.wake())
  document.addEventListener('visibilitychange', () => {
    // Hidden pages give their connections to those that are looked at.
    if (document.visibilityState === 'hidden') gallery.sleep()
    else void gallery.wake()
  })
}

async function resend(): Promise<void> {
  const kept = recall(SENDING) as { key: string; body: ImageJobBody } | null | undefined
  if (!kept) return
  await gallery.submit(kept.body, kept.key).catch(() => undefined)
  remember(SENDING, null)
}
