// The console's icons: strokes on a 24-unit grid. They decorate; a label stands beside each or on its
// button, so screen readers pass them over.

import type { ReactNode } from 'react'

const ICONS = {
  chat: <path d="M4 5h16v11H10l-4 4v-4H4z" />,
  continue: <path d="M4 6h16M4 11h10M4 16h6m4 1h6m-3-3 3 3-3 3" />,
  summary: <path d="M5 4h14M5 8h14M5 12h14M9 16h6M11 20h2" />,
  race: <path d="M4 6h9m-9 6h14M4 18h6m3-14v4m5 2v4m-8 2v4" />,
  route: <path d="M12 3v5M12 8H6v5m6-5h6v5M4 13h4v4H4zM16 13h4v4h-4zM12 8v13" />,
  picture: <path d="M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01" />,
  tag: <path d="M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01" />,
  camera: <path d="M4 8h3.5L9 5h6l1.5 3H20v11H4zM12 10a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8" />,
  link: (
    <path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1" />
  ),
  compare: <path d="M3 5h7.5v14H3zM13.5 5H21v14h-7.5z" />,
  dice: <path d="M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01" />,
  back: <path d="m14 6-6 6 6 6" />,
  forth: <path d="m10 6 6 6-6 6" />,
  clock: <path d="M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v4l3 2" />,
  plus: <path d="M12 5v14M5 12h14" />,
  send: <path d="M12 20V5m-6 6 6-6 6 6" />,
  stop: <rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor" />,
  play: <path d="M8 5v14l11-7z" fill="currentColor" />,
  retry: <path d="M4 12a8 8 0 1 0 2.6-5.9M4 4v5h5" />,
  copy: <path d="M9 9h11v11H9zM5 15H4V4h11v1" />,
  check: <path d="m5 13 4.5 4.5L19 7" />,
  edit: <path d="m4 20 1-4L16 5l3 3L8 19zM13.5 7.5l3 3" />,
  trash: <path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v6m4-6v6" />,
  download: <path d="M12 4v11m-5-5 5 5 5-5M5 20h14" />,
  more: <path d="M5 12h.01M12 12h.01M19 12h.01" strokeWidth="3" />,
  sliders: <path d="M4 7h9m6 0h1M4 17h1m6 0h9M16 4.5v5M8 14.5v5" />,
  menu: <path d="M4 7h16M4 12h16M4 17h16" />,
  close: <path d="m6 6 12 12M18 6 6 18" />,
  sun: (
    <path d="M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19m0-14-1.4 1.4M6.4 17.6 5 19" />
  ),
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z" />,
  system: <path d="M4 5h16v11H4zM9 20h6m-3-4v4" />,
  file: <path d="M6 3h8l4 4v14H6zM14 3v4h4" />,
  swap: <path d="M4 8h15m-4-4 4 4-4 4M20 16H5m4-4-4 4 4 4" />,
  up: <path d="M12 19V5m-6 6 6-6 6 6" />,
  down: <path d="M12 5v14m-6-6 6 6 6-6" />,
  alert: <path d="M12 4 2.5 20h19zM12 10v4m0 3h.01" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof ICONS

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {ICONS[name]}
    </svg>
  )
}
