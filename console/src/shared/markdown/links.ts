// Which links of a model's text may become links of the page.

const SCHEMES = new Set(['http:', 'https:', 'mailto:'])

/** The address, or nothing where following it could run something or stay in this page. */
export function safeAddress(address: string): string | undefined {
  try {
    const parsed = new URL(address)
    return SCHEMES.has(parsed.protocol) ? parsed.href : undefined
  } catch {
    return undefined
  }
}
