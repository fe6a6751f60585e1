// The request that is to be explained, as it was written into the page.

type Parsed = { request?: Record<string, never> } | { fault: string }

/** Nothing written is no request; anything but an object is a fault that says so. */
export function parsed(text: string): Parsed {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      // The description knows a chat body here by no fields; the server reads it.
      return { request: value as Record<string, never> }
  } catch {
    // Told below, as for anything else that is no object.
  }
  return { fault: 'This is no JSON object: {"messages": [{"role": "user", "content": "…"}]}' }
}
