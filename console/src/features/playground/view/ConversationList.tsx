// The conversations of this browser, in the sidebar.

import { memo, useState } from 'react'

import { download } from '@/shared/lib/download'
import { fileName } from '@/shared/lib/format'
import { useStore } from '@/shared/lib/store'
import { Button } from '@/shared/ui/Button'
import { Icon, type IconName } from '@/shared/ui/icons'
import { Menu } from '@/shared/ui/Menu'
import { notify } from '@/shared/ui/notices'
import { useSide } from '@/shared/ui/side'

import type { Entry } from '../history'
import type { Mode } from '../model'
import { answers, history } from '../playground'
import { asJson, asMarkdown } from '../transcript'
import styles from './ConversationList.module.css'

const ICON: Record<Mode, IconName> = { chat: 'chat', generate: 'continue', summary: 'summary' }

export const ConversationList = memo(function ConversationList({ openId }: { openId: string }) {
  const entries = useStore(history.entries)
  const { close } = useSide()

  function fresh() {
    history.start(history.shown.get().open.mode)
    close()
  }

  return (
    <section className={styles['list']} aria-label="Conversations">
      <Button icon="plus" onClick={fresh} aria-keyshortcuts="Control+K Meta+K">
        New
        <kbd>Ctrl K</kbd>
      </Button>
      {entries.length === 0 ? (
        <p className={styles['none']}>What you ask is kept here, in this browser only.</p>
      ) : (
        <ul className={styles['entries']}>
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} open={entry.id === openId} />
          ))}
        </ul>
      )}
      {entries.length > 0 && (
        <Button small look="quiet" icon="download" onClick={exportAll}>
          Export all
        </Button>
      )}
    </section>
  )
})

const Row = memo(function Row({ entry, open }: { entry: Entry; open: boolean }) {
  const [naming, setNaming] = useState(false)
  const { close } = useSide()
  const { id, title, mode, busy } = entry
  return (
    <li className={styles['row']} data-open={open || undefined}>
      {naming ? (
        <Naming id={id} title={title} onDone={() => setNaming(false)} />
      ) : (
        <button
          type="button"
          className={styles['open']}
          aria-current={open ? 'true' : undefined}
          title={title}
          onClick={() => {
            history.open(id)
            close()
          }}
        >
          <Icon name={ICON[mode]} size={15} />
          <span>{title}</span>
          {busy && <span className={styles['busy']} role="img" aria-label="being written" />}
        </button>
      )}
      <Menu
        label={`Actions for ${title}`}
        icon="more"
        actions={[
          { label: 'Rename', icon: 'edit', run: () => setNaming(true) },
          { label: 'Export as Markdown', icon: 'download', run: () => exportOne(id, 'md') },
          { label: 'Export as JSON', icon: 'download', run: () => exportOne(id, 'json') },
          { label: 'Delete', icon: 'trash', run: () => remove(id) },
        ]}
      />
    </li>
  )
})

function Naming({ id, title, onDone }: { id: string; title: string; onDone: () => void }) {
  const [name, setName] = useState(title)
  function keep() {
    history.rename(id, name)
    onDone()
  }
  return (
    <input
      className="input"
      aria-label="Name of the conversation"
      value={name}
      maxLength={120}
      // The field appears because its owner asked to write in it.
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') keep()
        if (event.key !== 'Escape') return
        event.preventDefault()
        onDone()
      }}
    />
  )
}

function remove(id: string) {
  answers.stop(id)
  const removed = history.remove(id)
  if (!removed) return
  notify(`“${removed.title}” was deleted.`, {
    label: 'Undo',
    run: () => history.restore(removed),
  })
}

function exportOne(id: string, kind: 'md' | 'json') {
  const conversation = history.get(id)
  if (!conversation) return
  const name = fileName(conversation.title)
  if (kind === 'md') download(`${name}.md`, 'text/markdown', asMarkdown(conversation))
  else download(`${name}.json`, 'application/json', asJson([conversation]))
}

function exportAll() {
  download('busbar-conversations.json', 'application/json', asJson(history.shown.get().kept))
}
