// Two pictures side by side, and what differs in how they were made.

import { Dialog } from '@/shared/ui/Dialog'

import type { Made } from '../model'
import { differences, facts } from '../request'
import styles from './Compare.module.css'
import { Picture } from './Picture'

interface Props {
  /** Two are shown; while there are fewer, nothing is. */
  pair: readonly Made[]
  onClose: () => void
}

export function Compare({ pair, onClose }: Props) {
  const [a, b] = pair
  return (
    <Dialog
      title="Compare"
      place="whole"
      open={a !== undefined && b !== undefined}
      onClose={onClose}
    >
      {a && b && <Pair a={a} b={b} />}
    </Dialog>
  )
}

function Pair({ a, b }: { a: Made; b: Made }) {
  const differ = differences(a.recipe, b.recipe)
  const names = ['Prompt', 'Negative prompt', ...new Set([a, b].flatMap(namesOf))]
  const rows = names.map((name) => [name, valueOf(a, name), valueOf(b, name)] as const)
  return (
    <div className={styles['body']} tabIndex={0} role="group" aria-label="Two pictures">
      <div className={styles['pair']}>
        {[a, b].map((one) => (
          <figure key={one.id}>
            <Picture made={one} />
            <figcaption>seed {one.recipe.seed ?? 'unknown'}</figcaption>
          </figure>
        ))}
      </div>
      <p className={styles['said']}>{said(differ)}</p>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Left</th>
            <th scope="col">Right</th>
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(([, left, right]) => left || right)
            .map(([name, left, right]) => (
              <tr key={name} data-differs={differ.has(name) || undefined}>
                <th scope="row">{name}</th>
                <td>{left || '–'}</td>
                <td>{right || '–'}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}

function namesOf({ recipe }: Made): string[] {
  return facts(recipe).map(([name]) => name)
}

function valueOf({ recipe }: Made, name: string): string {
  if (name === 'Prompt') return recipe.prompt
  if (name === 'Negative prompt') return recipe.negative_prompt ?? ''
  return facts(recipe).find(([own]) => own === name)?.[1] ?? ''
}

function said(differ: ReadonlySet<string>): string {
  if (differ.size === 0) return 'They were made alike: the same words, settings and seed.'
  const names = [...differ].map((name) => name.toLowerCase())
  return `They differ in: ${names.join(', ')}.`
}
