// The frames of the WebSocket protocol that the console sends and understands (docs/protocol.md).

import type { ChatBody, ServerFrame } from '@/shared/api/types'

export type ClientFrame =
  | { type: 'chat'; id: string; body: ChatBody; resume?: number }
  | { type: 'cancel'; id: string }
  | { type: 'resume'; id: string; stream: string; after: number }
  | { type: 'ping'; at: number }

/** Reads a frame; a text that is none gives nothing. */
export function readFrame(text: unknown): ServerFrame | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const frame: unknown = JSON.parse(text)
    const typed = typeof frame === 'object' && frame !== null && 'type' in frame
    return typed ? (frame as ServerFrame) : undefined
  } catch {
    return undefined
  }
}
