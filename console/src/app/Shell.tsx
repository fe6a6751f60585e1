// The frame around a page: brand, navigation, the page's own list, status. A drawer where it is narrow.

import { useMemo, useRef, useState, type ReactNode } from 'react'

import { useMedia } from '@/shared/lib/useMedia'
import { IconButton } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import { Icon } from '@/shared/ui/icons'
import { SideContext } from '@/shared/ui/side'

import { Logo } from './Logo'
import { PAGES, type Page } from './pages'
import styles from './Shell.module.css'
import { SignIn } from './SignIn'
import { Status, StatusChanges } from './Status'
import { ThemeToggle } from './ThemeToggle'

export function Shell({ page, children }: { page: Page; children: ReactNode }) {
  const wide = useMedia('(min-width: 56rem)')
  const [open, setOpen] = useState(false)
  const [place, setPlace] = useState<HTMLElement | null>(null)
  const main = useRef<HTMLElement>(null)
  const side = useMemo(() => ({ place, close: () => setOpen(false) }), [place])

  const content = (
    <>
      <Navigation page={page} onGo={() => setOpen(false)} />
      <div ref={setPlace} className={styles['place']} />
      <div className={styles['foot']}>
        <Status />
        <SignIn />
        <ThemeToggle />
      </div>
    </>
  )

  return (
    <SideContext value={side}>
      <div className={styles['shell']}>
        <button type="button" className={styles['skip']} onClick={() => main.current?.focus()}>
          Skip to the content
        </button>
        {wide ? (
          <aside className={styles['side']} aria-label="Sidebar">
            <Brand />
            {content}
          </aside>
        ) : (
          <header className={styles['bar']}>
            <IconButton icon="menu" label="Open the menu" onClick={() => setOpen(true)} />
            <Brand />
            <Status brief />
            <Dialog title="Busbar" place="left" open={open} onClose={() => setOpen(false)}>
              <div className={styles['drawer']}>{content}</div>
            </Dialog>
          </header>
        )}
        <main ref={main} className={styles['main']} tabIndex={-1} aria-label={page.title}>
          {children}
        </main>
      </div>
      <StatusChanges />
    </SideContext>
  )
}

function Brand() {
  return (
    <div className={styles['brand']}>
      <Logo />
      <span>Busbar</span>
    </div>
  )
}

function Navigation({ page, onGo }: { page: Page; onGo: () => void }) {
  return (
    <nav aria-label="Pages">
      <ul className={styles['pages']}>
        {PAGES.map(({ path, title, icon }) => (
          <li key={path}>
            <a
              href={`#/${path}`}
              aria-current={path === page.path ? 'page' : undefined}
              onClick={onGo}
            >
              <Icon name={icon} />
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
