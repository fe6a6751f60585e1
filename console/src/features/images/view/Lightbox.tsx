// One picture, large, with how it was made. The arrow keys go through the gallery.

import { useEffect, type KeyboardEvent } from 'react'

import { bytes, duration } from '@/shared/lib/format'
import { announce } from '@/shared/ui/announce'
import { Button, IconButton } from '@/shared/ui/Button'
import { CopyButton } from '@/shared/ui/CopyButton'
import { Dialog } from '@/shared/ui/Dialog'
import { notify } from '@/shared/ui/notices'

import { again, fileOf, remove, save, startFrom, takeOver } from '../images'
import type { Made } from '../model'
import { facts } from '../request'
import styles from './Lightbox.module.css'
import { Picture } from './Picture'

interface Props {
  made: readonly Made[]
  /** The open picture's id. */
  open: string | undefined
  onOpen: (id: string | undefined) => void
  onCompare: (id: string) => void
}

export function Lightbox({ made, open, onOpen, onCompare }: Props) {
  const at = made.findIndex(({ id }) => id === open)
  const shown = made[at]

  useEffect(() => {
    // What was removed elsewhere closes what showed it.
    if (open !== undefined && at < 0) onOpen(undefined)
  }, [open, at, onOpen])

  function go(to: number) {
    const next = made[to]
    if (!next) return
    onOpen(next.id)
    announce(`Picture ${to + 1} of ${made.length}: ${next.recipe.prompt}`)
  }

  function press(event: KeyboardEvent) {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: made.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    go(to)
  }

  function away() {
    if (!shown) return
    const next = made.find(({ job }, index) => index > at && job.id !== shown.job.id)
    onOpen(next?.id)
    remove(shown.job)
  }

  return (
    <Dialog
      title={shown ? `Picture ${at + 1} of ${made.length}` : 'Picture'}
      place="whole"
      open={shown !== undefined}
      onClose={() => onOpen(undefined)}
      onKeyDown={press}
      aside={
        <>
          <IconButton
            icon="back"
            label="Picture before"
            aria-disabled={at <= 0}
            onClick={() => go(at - 1)}
          />
          <IconButton
            icon="forth"
            label="Next picture"
            aria-disabled={at >= made.length - 1}
            onClick={() => go(at + 1)}
          />
        </>
      }
    >
      {shown && (
        <div className={styles['body']}>
          <div className={styles['stage']}>
            <Picture key={shown.id} made={shown} />
          </div>
          <div className={styles['side']}>
            <Recipe made={shown} />
            <Actions made={shown} onOpen={onOpen} onCompare={onCompare} onRemove={away} />
          </div>
        </div>
      )}
    </Dialog>
  )
}

function Recipe({ made: { job, picture, recipe } }: { made: Made }) {
  const took =
    job.started_at && job.finished_at
      ? duration(Date.parse(job.finished_at) - Date.parse(job.started_at))
      : undefined
  return (
    <div className={styles['recipe']}>
      <p className={styles['prompt']}>{recipe.prompt}</p>
      {recipe.negative_prompt && (
        <p className={styles['negative']}>
          <span>Without</span> {recipe.negative_prompt}
        </p>
      )}
      <dl className={styles['facts']}>
        {[
          ...facts(recipe),
          ['File', bytes(picture.bytes)] as const,
          ...(took ? [['Took', took] as const] : []),
          ['Made', new Date(job.finished_at ?? job.created_at).toLocaleString()] as const,
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {(job.notices ?? []).map((notice) => (
        <p key={notice} className={styles['notice']}>
          {notice}
        </p>
      ))}
    </div>
  )
}

interface ActionsProps {
  made: Made
  onOpen: (id: string | undefined) => void
  onCompare: (id: string) => void
  onRemove: () => void
}

function Actions({ made, onOpen, onCompare, onRemove }: ActionsProps) {
  const { id, job, recipe } = made

  /** A picture of this gallery becomes what the next one starts from. */
  async function begin() {
    try {
      startFrom(await fileOf(made), 'the picture of the gallery')
      takeOver(recipe)
      onOpen(undefined)
    } catch {
      notify('The picture cannot be loaded.')
    }
  }

  const { length: whole } = job.pictures ?? []
  return (
    <div className={styles['actions']}>
      <Button
        look="main"
        icon="sliders"
        onClick={() => {
          takeOver(recipe)
          onOpen(undefined)
        }}
      >
        Use these settings
      </Button>
      <Button icon="download" onClick={() => void save(made)}>
        Download
      </Button>
      <Button icon="compare" onClick={() => onCompare(id)}>
        Compare
      </Button>
      <Button icon="picture" onClick={() => void begin()}>
        Start from it
      </Button>
      <Button
        icon="retry"
        onClick={() => {
          onOpen(undefined)
          void again(job)
        }}
      >
        Make it again
      </Button>
      <CopyButton
        text={() => JSON.stringify(recipe, null, 2)}
        what="recipe as JSON"
        label="Copy recipe"
      />
      <Button look="quiet" icon="trash" onClick={onRemove}>
        {whole > 1 ? `Delete all ${whole} of this job` : 'Delete'}
      </Button>
    </div>
  )
}
