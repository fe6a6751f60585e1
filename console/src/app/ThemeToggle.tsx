// Light, dark, or as the system has it: one button that goes through the three.

import { useStore } from '@/shared/lib/store'
import { chooseTheme, theme, type Theme } from '@/shared/theme/theme'
import { announce } from '@/shared/ui/announce'
import { IconButton } from '@/shared/ui/Button'
import type { IconName } from '@/shared/ui/icons'

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const ICON: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' }
const NAME: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' }

export function ThemeToggle() {
  const current = useStore(theme)
  const next = NEXT[current]
  return (
    <IconButton
      icon={ICON[current]}
      label={`Colours: ${NAME[current]}. Change to ${NAME[next]}`}
      onClick={() => {
        chooseTheme(next)
        announce(`Colours: ${NAME[next]}.`)
      }}
    />
  )
}
