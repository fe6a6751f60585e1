// The page: what is open, how it asks, and where one writes.

import { useEffect, useState } from 'react'

import { useStore } from '@/shared/lib/store'
import { useMedia } from '@/shared/lib/useMedia'
import { recall, remember } from '@/shared/lib/remembered'
import { Dialog } from '@/shared/ui/Dialog'
import { InSide } from '@/shared/ui/side'

import { busyAnswer } from '../model'
import { answers, history, startPlayground } from '../playground'
import { Composer } from './Composer'
import { ConversationList } from './ConversationList'
import { Empty } from './Empty'
import { Head } from './Head'
import styles from './Playground.module.css'
import { Settings } from './Settings'
import { useShortcuts } from './shortcuts'
import { Thread } from './Thread'
import { useModel } from './useModel'

const PANEL = 'busbar.panel'

export function Playground() {
  useEffect(startPlayground, [])
  const { ready, open } = useStore(history.shown)
  const roomy = useMedia('(min-width: 78rem)')
  const [panel, setPanel] = useState(() => recall(PANEL) !== false)
  const [drawer, setDrawer] = useState(false)
  const { model } = useModel(open)
  const busy = busyAnswer(open) !== undefined
  useShortcuts({ stop: () => answers.stop(open.id), fresh: () => history.start(open.mode) })

  function togglePanel() {
    if (!roomy) {
      setDrawer(true)
      return
    }
    remember(PANEL, !panel)
    setPanel(!panel)
  }

  const settings = <Settings conversation={open} />
  return (
    <div className={styles['page']}>
      <InSide>
        <ConversationList openId={open.id} />
      </InSide>
      <div className={styles['column']}>
        <h1 className="sr-only">Playground</h1>
        <Head conversation={open} panelOpen={roomy && panel} onPanel={togglePanel} />
        {open.turns.length > 0 ? (
          <Thread key={open.id} conversation={open} model={model} />
        ) : (
          <Empty
            mode={open.mode}
            ready={ready && model !== ''}
            onChoose={(text) => answers.send(open.id, model, { text })}
          />
        )}
        <Composer
          key={`${open.id} ${open.mode}`}
          mode={open.mode}
          busy={busy}
          fresh={open.turns.length === 0}
          ready={ready && model !== ''}
          onSend={(asked) => answers.send(open.id, model, asked)}
          onStop={() => answers.stop(open.id)}
        />
      </div>
      {roomy && panel && (
        <aside className={styles['panel']} aria-label="Settings">
          {settings}
        </aside>
      )}
      {!roomy && (
        <Dialog title="Settings" place="right" open={drawer} onClose={() => setDrawer(false)}>
          {settings}
        </Dialog>
      )}
    </div>
  )
}
