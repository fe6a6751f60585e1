// Names that are used once. `crypto.randomUUID` is missing where a page is not served securely.

export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join(
    '',
  )
}
