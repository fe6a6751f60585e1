// The page: what to make, what is being made, what was made.

import { useEffect, useState } from 'react'

import { aboutModel } from '@/shared/api/about'
import { pick, sighted } from '@/shared/api/choice'
import { useModels } from '@/shared/api/models'
import { recall, remember } from '@/shared/lib/remembered'
import { useStore } from '@/shared/lib/store'
import { useMedia } from '@/shared/lib/useMedia'
import { IconButton } from '@/shared/ui/Button'
import { Dialog } from '@/shared/ui/Dialog'
import { FailureBox } from '@/shared/ui/FailureBox'
import { NoModel } from '@/shared/ui/NoModel'
import { Page } from '@/shared/ui/Page'
import { Welcome } from '@/shared/ui/Welcome'

import { asking, configure, gallery, make, settings as kept, startImages } from '../images'
import { madeBy } from '../model'
import { EXAMPLES } from '../surprise'
import { Form } from './Form'
import { GalleryView } from './GalleryView'
import styles from './Images.module.css'
import { JobList } from './JobList'
import { Settings } from './Settings'

const PANEL = 'busbar.images.panel'

export function Images() {
  useEffect(startImages, [])
  const settings = useStore(kept)
  const shown = useStore(gallery.shown)
  const { refused } = useStore(asking)
  const { data: models, isPending } = useModels()
  const roomy = useMedia('(min-width: 78rem)')
  const [panel, setPanel] = useState(() => recall(PANEL) !== false)
  const [drawer, setDrawer] = useState(false)
  const offered = sighted(models ?? [], 'image')
  const model = pick(offered, settings.model)
  const made = madeBy(shown.jobs)

  function togglePanel() {
    if (!roomy) {
      setDrawer(true)
      return
    }
    remember(PANEL, !panel)
    setPanel(!panel)
  }

  /** Leads to the field that was refused, wherever it is. */
  function showField() {
    if (roomy) setPanel(true)
    else setDrawer(true)
    requestAnimationFrame(() => {
      document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    })
  }

  if (!model && !isPending && shown.jobs.length === 0) return <None />

  const controls = (
    <Settings settings={settings} models={offered} model={model?.id ?? ''} refused={refused} />
  )
  return (
    <div className={styles['page']}>
      <div className={styles['column']}>
        <Page
          title="Images"
          aside={
            <IconButton
              icon="sliders"
              label="Settings"
              aria-expanded={roomy ? panel : drawer}
              onClick={togglePanel}
            />
          }
          lead={
            model && (
              <>
                <strong>{model.title}.</strong> {aboutModel(model.id) ?? 'Makes pictures of words.'}
              </>
            )
          }
        >
          <Form settings={settings} model={model?.id ?? ''} onField={showField} />
          {shown.phase === 'failed' && shown.failure && (
            <FailureBox message={shown.failure.message} about={shown.failure} />
          )}
          <JobList shown={shown} />
          {made.length > 0 && <GalleryView made={made} more={shown.next !== undefined} />}
          {shown.phase === 'ready' && shown.jobs.length === 0 && (
            <Welcome
              within
              title="What shall it be?"
              text="Say what the picture shows; it takes shape from noise, step by step, while you look on. It goes on if you leave, and waits for you here."
              examples={EXAMPLES}
              ready={model !== undefined}
              onChoose={(prompt) => {
                configure({ prompt })
                if (model) void make(model.id)
              }}
            />
          )}
        </Page>
      </div>
      {roomy && panel && (
        <aside className={styles['panel']} aria-label="Settings">
          {controls}
        </aside>
      )}
      {!roomy && (
        <Dialog title="Settings" place="right" open={drawer} onClose={() => setDrawer(false)}>
          {controls}
        </Dialog>
      )}
    </div>
  )
}

function None() {
  return (
    <Page title="Images" lead="Pictures made of words, step by step, on this server.">
      <NoModel
        title="No model here makes pictures yet."
        text="See which there are, fetch one, and start the server again with it:"
        command="busbar models list"
      />
    </Page>
  )
}
