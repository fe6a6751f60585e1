// Every version that is kept, the newest first.

import { useId } from 'react'

import type { ConfigurationVersion } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Icon, type IconName } from '@/shared/ui/icons'

import { before, canServe, fate, fateOf, hasContent, named, type Fate } from '../words'
import styles from './Configuration.module.css'
import { Reasons } from './Standing'
import { When } from './When'

interface Props {
  versions: readonly ConfigurationVersion[]
  onCompare: (from: number, to: number) => void
  onGoBack: (version: ConfigurationVersion) => void
}

const MARKS: Record<Fate, IconName> = { serves: 'check', served: 'clock', refused: 'close' }

export function Versions({ versions, onCompare, onGoBack }: Props) {
  const id = useId()
  return (
    <section className={styles['part']} aria-labelledby={id}>
      <h2 id={id}>Versions</h2>
      <ol className={styles['versions']} reversed>
        {[...versions].reverse().map((version) => (
          <li key={version.version} className={styles['version']} data-fate={fateOf(version)}>
            <div className={styles['line']}>
              <div className={styles['who']}>
                <h3>{named(version)}</h3>
                <p className={styles['about']}>
                  <When at={version.at} />
                  {hasContent(version) && (
                    <>
                      {' · '}
                      <code title="The beginning of its hash">{version.hash.slice(0, 8)}</code>
                    </>
                  )}
                </p>
              </div>
              <p className={styles['fate']}>
                <Icon name={MARKS[fateOf(version)]} size={15} />
                {fate(version)}
              </p>
              <Actions
                version={version}
                from={hasContent(version) ? before(versions, version.version) : undefined}
                onCompare={onCompare}
                onGoBack={onGoBack}
              />
            </div>
            {version.refused != null && <Reasons reasons={version.refused} />}
          </li>
        ))}
      </ol>
    </section>
  )
}

interface ActionsProps extends Omit<Props, 'versions'> {
  version: ConfigurationVersion
  from: number | undefined
}

function Actions({ version, from, onCompare, onGoBack }: ActionsProps) {
  const number = version.version
  return (
    <div className={styles['actions']}>
      {from !== undefined && (
        <Button
          small
          icon="compare"
          aria-label={`What changed in version ${number}`}
          onClick={() => onCompare(from, number)}
        >
          What changed
        </Button>
      )}
      {canServe(version) && (
        <Button
          small
          icon="back"
          aria-label={`Go back to version ${number}`}
          onClick={() => onGoBack(version)}
        >
          Go back
        </Button>
      )}
    </div>
  )
}
