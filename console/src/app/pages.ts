// The pages, in the order of the navigation. A new page is a row here.

import { lazy, type ComponentType } from 'react'

import { Playground } from '@/features/playground'
import type { IconName } from '@/shared/ui/icons'

export interface Page {
  path: string
  title: string
  icon: IconName
  View: ComponentType
}

const Images = lazy(async () => ({ default: (await import('@/features/images')).Images }))
const Classify = lazy(async () => ({ default: (await import('@/features/classify')).Classify }))
const Race = lazy(async () => ({ default: (await import('@/features/race')).Race }))
const Routes = lazy(async () => ({ default: (await import('@/features/routes')).Routes }))
const Configuration = lazy(async () => ({
  default: (await import('@/features/configuration')).Configuration,
}))

export const PAGES: readonly [Page, ...Page[]] = [
  { path: 'playground', title: 'Playground', icon: 'chat', View: Playground },
  { path: 'images', title: 'Images', icon: 'picture', View: Images },
  { path: 'classify', title: 'Classify', icon: 'tag', View: Classify },
  { path: 'race', title: 'Race', icon: 'race', View: Race },
  { path: 'routes', title: 'Models & routes', icon: 'route', View: Routes },
  { path: 'configuration', title: 'Configuration', icon: 'sliders', View: Configuration },
]

/** The page of a path; the first one where none has it. */
export function pageOf(path: string): Page {
  return PAGES.find((page) => page.path === path) ?? PAGES[0]
}
