// What was made. A picture opens large; two can be laid side by side.

import { useState } from 'react'

import { plural } from '@/shared/lib/format'
import { announce } from '@/shared/ui/announce'
import { Button } from '@/shared/ui/Button'
import { notify } from '@/shared/ui/notices'

import { refusal } from '../gallery'
import { gallery } from '../images'
import type { Made } from '../model'
import { Compare } from './Compare'
import styles from './GalleryView.module.css'
import { Lightbox } from './Lightbox'
import { Picture } from './Picture'

interface Props {
  made: readonly Made[]
  /** Whether there are older ones. */
  more: boolean
}

export function GalleryView({ made, more }: Props) {
  const [open, setOpen] = useState<string>()
  /** Those that are to be compared; nothing while nobody compares. */
  const [chosen, setChosen] = useState<readonly string[]>()
  const pair = (chosen ?? []).flatMap((id) => made.find((one) => one.id === id) ?? [])
  const comparing = chosen !== undefined

  function choose(id: string) {
    const next = chosen?.includes(id) ? chosen.filter((one) => one !== id) : [...(chosen ?? []), id]
    setChosen(next)
    if (next.length === 1) announce('One chosen. Choose another to compare it with.')
  }

  function press({ id }: Made) {
    if (comparing) choose(id)
    else setOpen(id)
  }

  return (
    <section className={styles['gallery']} aria-label="Gallery">
      <div className={styles['head']}>
        <h2>{plural(made.length, 'picture')}</h2>
        {made.length > 1 && (
          <Button
            small
            look={comparing ? 'plain' : 'quiet'}
            icon={comparing ? 'close' : 'compare'}
            aria-pressed={comparing}
            onClick={() => setChosen(comparing ? undefined : [])}
          >
            {comparing ? 'Choose two' : 'Compare'}
          </Button>
        )}
      </div>
      <ul className={styles['grid']}>
        {made.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className={styles['tile']}
              aria-label={`${comparing ? 'Compare' : 'Open'}: ${one.recipe.prompt}, seed ${one.recipe.seed ?? 'unknown'}`}
              aria-pressed={comparing ? chosen.includes(one.id) : undefined}
              onClick={() => press(one)}
            >
              <Picture made={one} small />
              <span className={styles['caption']} aria-hidden="true">
                {one.recipe.prompt}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <Button
          onClick={() =>
            void gallery.more().catch((thrown: unknown) => notify(refusal(thrown).message))
          }
        >
          Show older ones
        </Button>
      )}
      <Lightbox
        made={made}
        open={open}
        onOpen={setOpen}
        onCompare={(id) => {
          setOpen(undefined)
          setChosen([id])
          announce('Choose another picture to compare it with.')
        }}
      />
      <Compare pair={pair} onClose={() => setChosen(undefined)} />
    </section>
  )
}
