// A conversation as a file.

import type { Conversation } from './model'

const HEADING: Record<string, string> = { user: 'You', assistant: 'Model' }

export function asMarkdown({ title, settings, turns }: Conversation): string {
  const system = settings.system.trim()
  const parts = turns.map(({ role, text }) => `## ${HEADING[role] ?? role}\n\n${text.trim()}`)
  return [`# ${title}`, ...(system ? [`> ${system.replace(/\n/g, '\n> ')}`] : []), ...parts, '']
    .join('\n\n')
    .replace(/\n{2,}$/, '\n')
}

export function asJson(conversations: readonly Conversation[]): string {
  return `${JSON.stringify({ format: 'busbar-conversations', version: 1, conversations }, null, 2)}\n`
}
