// Buttons: with words, or with an icon whose label is said and shown on hover.

import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

import styles from './Button.module.css'
import { Icon, type IconName } from './icons'

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'children'>

interface ButtonProps extends Native {
  children: ReactNode
  icon?: IconName
  look?: 'plain' | 'main' | 'quiet'
  small?: boolean
  ref?: Ref<HTMLButtonElement>
}

export function Button({ children, icon, look = 'plain', small, ...native }: ButtonProps) {
  const className = [styles['button'], styles[look], small && styles['small']]
  return (
    <button type="button" className={className.filter(Boolean).join(' ')} {...native}>
      {icon && <Icon name={icon} size={small ? 15 : 17} />}
      {children}
    </button>
  )
}

interface IconButtonProps extends Native {
  icon: IconName
  label: string
  look?: 'quiet' | 'main'
  ref?: Ref<HTMLButtonElement>
}

export function IconButton({ icon, label, look = 'quiet', ...native }: IconButtonProps) {
  const className = `${styles['button']} ${styles['icon']} ${styles[look]}`
  return (
    <button type="button" className={className} aria-label={label} title={label} {...native}>
      <Icon name={icon} />
    </button>
  )
}
