// Hands something to the browser as a file.

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  downloadFrom(name, address)
  // The browser reads the address after this returns.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

/** The same for a file of this server. */
export function downloadFrom(name: string, address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
