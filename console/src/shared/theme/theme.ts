// Light, dark, or as the system has it. `public/theme.js` applies the choice before the first paint.

import { remember } from '@/shared/lib/remembered'
import { Store } from '@/shared/lib/store'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'busbar.theme'

export const theme = new Store<Theme>(current())

export function chooseTheme(choice: Theme): void {
  if (choice === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = choice
  remember(KEY, choice)
  theme.set(choice)
}

function current(): Theme {
  const chosen = document.documentElement.dataset['theme']
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
}
