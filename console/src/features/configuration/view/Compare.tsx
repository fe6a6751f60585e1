// What differs between two versions.

import { useId, type Ref } from 'react'

import type { ConfigurationVersion } from '@/shared/api/types'
import { IconButton } from '@/shared/ui/Button'
import { SelectField } from '@/shared/ui/Field'

import { hasContent, named } from '../words'
import styles from './Configuration.module.css'
import { Diff } from './Diff'

interface Props {
  versions: readonly ConfigurationVersion[]
  pair: [number, number]
  onChange: (pair: [number, number]) => void
  /** Where the page puts the focus when two versions were chosen elsewhere. */
  heading: Ref<HTMLHeadingElement>
}

export function Compare({ versions, pair: [from, to], onChange, heading }: Props) {
  const id = useId()
  const options = versions
    .filter(hasContent)
    .map((version) => ({ value: String(version.version), label: named(version) }))
    .reverse()

  return (
    <section className={styles['part']} aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        What differs
      </h2>
      <div className={styles['pair']}>
        <SelectField
          label="From"
          value={String(from)}
          options={options}
          onChange={(value) => onChange([Number(value), to])}
        />
        <IconButton icon="swap" label="Swap the two" onClick={() => onChange([to, from])} />
        <SelectField
          label="To"
          value={String(to)}
          options={options}
          onChange={(value) => onChange([from, Number(value)])}
        />
      </div>
      <Diff from={from} to={to} />
    </section>
  )
}
