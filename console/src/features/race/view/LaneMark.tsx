// Each way has a colour and a shape of its own, so that colour is never the only difference.

import type { Way } from '@/shared/transport/answer'

const R = 5

/** The shape around a point, for use inside a drawing. */
export function Shape({ way, x, y }: { way: Way; x: number; y: number }) {
  if (way === 'rest')
    return <rect x={x - R + 0.5} y={y - R + 0.5} width={2 * R - 1} height={2 * R - 1} />
  if (way === 'sse') return <circle cx={x} cy={y} r={R} />
  const reach = R * 1.3
  return <path d={`M${x} ${y - reach}l${reach} ${reach}-${reach} ${reach}-${reach}-${reach}z`} />
}

export function LaneMark({ way }: { way: Way }) {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" fill={`var(--lane-${way})`}>
      <Shape way={way} x={7} y={7} />
    </svg>
  )
}
