// A button with a list of actions. The list lies in the browser's top layer, so nothing clips it.

import { useId, useRef, useState, type KeyboardEvent } from 'react'

import { Icon, type IconName } from './icons'
import { IconButton } from './Button'
import styles from './Menu.module.css'

export interface Action {
  label: string
  icon: IconName
  run: () => void
}

interface Props {
  label: string
  icon: IconName
  actions: readonly Action[]
}

export function Menu({ label, icon, actions }: Props) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)

  function show() {
    const place = button.current?.getBoundingClientRect()
    const menu = list.current
    if (!place || !menu) return
    menu.showPopover()
    const left = Math.min(place.left, innerWidth - menu.offsetWidth - 8)
    const below = place.bottom + menu.offsetHeight + 8 < innerHeight
    menu.style.left = `${Math.max(8, left)}px`
    menu.style.top = `${below ? place.bottom + 4 : place.top - menu.offsetHeight - 4}px`
    menu.querySelector('button')?.focus()
  }

  function hide() {
    list.current?.hidePopover()
    button.current?.focus()
  }

  return (
    <>
      <IconButton
        ref={button}
        icon={icon}
        label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={open ? hide : show}
      />
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        className={styles['menu']}
        onToggle={(event) => setOpen(event.newState === 'open')}
        onKeyDown={(event) => move(event, hide)}
      >
        {actions.map((action) => (
          <button
            key={action.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            onClick={() => {
              hide()
              action.run()
            }}
          >
            <Icon name={action.icon} size={16} />
            {action.label}
          </button>
        ))}
      </div>
    </>
  )
}

function move(event: KeyboardEvent<HTMLDivElement>, hide: () => void) {
  const items = [...event.currentTarget.querySelectorAll('button')]
  const at = items.findIndex((item) => item === document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key]
  if (event.key === 'Tab') hide()
  if (event.key === 'Escape') {
    event.stopPropagation()
    hide()
  }
  if (to === undefined) return
  event.preventDefault()
  items.at(to % items.length)?.focus()
}
