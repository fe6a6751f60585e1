// One route, drawn: its tiers from top to bottom, their targets side by side.

import { useId } from 'react'

import type { Route, RouteTarget } from '@/shared/api/types'
import { duration } from '@/shared/lib/format'
import { Button } from '@/shared/ui/Button'
import { Icon } from '@/shared/ui/icons'

import { breaker, choice, healthOf, lastResorts, load, seen } from '../words'
import styles from './Routes.module.css'

export function RouteCard({ route, onTry }: { route: Route; onTry: () => void }) {
  const id = useId()
  return (
    <section className={styles['route']} aria-labelledby={id}>
      <div className={styles['head']}>
        <h2 id={id}>{route.name}</h2>
        <Button small icon="play" aria-label={`Try this route: ${route.name}`} onClick={onTry}>
          Try this route
        </Button>
      </div>
      <p className={styles['about']}>{aboutRoute(route)}</p>
      <ol className={styles['tiers']}>
        {route.tiers.map((tier, index) => (
          <li key={index} className={styles['tier']}>
            <p className={styles['rank']}>
              <strong>Tier {index + 1}</strong>
              {tier.targets.length > 1 && ` · ${choice(tier.choose)}`}
              {tier.step && ` · labelled “${tier.step}”`}
            </p>
            <ul className={styles['targets']}>
              {tier.targets.map((target) => (
                <Target key={target.name} target={target} />
              ))}
            </ul>
            <p className={styles['fall']}>
              <Icon name="down" size={16} />
              {index + 1 < route.tiers.length
                ? 'if none of them answers'
                : `if nobody answers: ${lastResorts(route.last_resorts)}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Target({ target }: { target: RouteTarget }) {
  const facts: [string, string][] = [
    ['Hosted', target.region ? `${target.provider}, ${target.region}` : target.provider],
    ['First event', duration(target.first_event_ms ?? undefined)],
    ['Calls', seen(target)],
    ['Under way', load(target)],
    ['Weight', String(target.weight)],
  ]
  if (target.flag != null) facts.push(['Flag', target.flag])
  return (
    <li className={styles['target']} data-health={healthOf(target)}>
      <h3>{target.name}</h3>
      <p className={styles['breaker']}>
        <span className={styles['mark']} aria-hidden="true" />
        {breaker(target)}
      </p>
      <dl className={styles['facts']}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

function aboutRoute(route: Route): string {
  const flags = route.flags.map(({ name, percent }) => `flag ${name} at ${percent} %`)
  const facts = [
    route.residency.length > 0 && `data stays in ${route.residency.join(', ')}`,
    route.resumes && 'cut streams go on with another model',
    route.caches_for_ms != null && `answers are kept for ${duration(route.caches_for_ms)}`,
    ...flags,
    route.alarmed && 'so much fails that nothing is tried twice',
  ]
  return facts.filter(Boolean).join(' · ')
}
