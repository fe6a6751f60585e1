// A picture that was made. Its address is valid for a while; one that opens nothing any more is asked
// for again.

import { useState } from 'react'

import { reachable } from '@/shared/api/address'
import { Icon } from '@/shared/ui/icons'

import { gallery } from '../images'
import type { Made } from '../model'
import styles from './Picture.module.css'

interface Props {
  made: Made
  /** The thumbnail, in a square. */
  small?: boolean
}

export function Picture({ made, small = false }: Props) {
  const { picture, job, recipe } = made
  const address = (small && picture.thumbnail_url) || picture.url
  /** The address that was found to open nothing. */
  const [broken, setBroken] = useState<string>()
  const [asked, setAsked] = useState(false)

  function renew() {
    setBroken(address)
    if (asked) return
    setAsked(true)
    void gallery.refresh(job.id).catch(() => undefined)
  }

  const className = `${styles['picture']} ${small ? styles['small'] : styles['large']}`
  if (broken === address) {
    return (
      <span className={className} data-broken>
        <Icon name="picture" size={30} />
        <span className="sr-only">The picture cannot be loaded.</span>
      </span>
    )
  }
  return (
    <img
      className={className}
      src={reachable(address)}
      alt={recipe.prompt}
      width={recipe.width ?? undefined}
      height={recipe.height ?? undefined}
      loading={small ? 'lazy' : 'eager'}
      onError={renew}
    />
  )
}
