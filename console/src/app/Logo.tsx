// The mark: a bar of copper that feeds three lines.

export function Logo({ size = 30 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="2" y="6" width="28" height="6" rx="3" fill="var(--copper-bright)" />
      <path
        d="M8 12v6M16 12v11M24 12v6"
        stroke="var(--copper-bright)"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <g fill="var(--ink)">
        <circle cx="8" cy="20.5" r="2.8" />
        <circle cx="16" cy="25.5" r="2.8" />
        <circle cx="24" cy="20.5" r="2.8" />
      </g>
    </svg>
  )
}
