// Picture files and addresses as a browser hands them over: dropped, pasted, chosen.

/** A little under the server's limit of 32 MiB for a request. */
const LARGEST = 30 * 1024 * 1024

/** What is wrong with a file in one sentence, or nothing. The server looks inside; this looks at what
 *  can be said without sending it. */
export function faultOf(file: File): string | undefined {
  if (file.size === 0) return `${file.name} is empty.`
  if (file.size > LARGEST) return `${file.name} is larger than 30 MiB.`
  // A file without a type may be a picture that this system does not know.
  if (file.type !== '' && !file.type.startsWith('image/')) return `${file.name} is not a picture.`
  return undefined
}

/** The address in a text, where it is one and nothing else. */
export function addressIn(text: string): string | undefined {
  const first = text.trim().split(/\r?\n/)[0] ?? ''
  if (!/^https?:\/\/\S+$/i.test(first) || !URL.canParse(first)) return undefined
  return first
}

/** What was dropped or pasted: files first, since a browser gives a picture's address beside it. */
export function picturesIn(transfer: DataTransfer): { files: File[]; address?: string } {
  const files = [...transfer.files]
  if (files.length > 0) return { files }
  const text = transfer.getData('text/uri-list') || transfer.getData('text/plain')
  const address = addressIn(text)
  return { files, ...(address !== undefined && { address }) }
}

const AT_ONCE = 0x8000

/** The file as a `data:` address, which is how JSON carries it. */
export async function dataAddress(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let from = 0; from < bytes.length; from += AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(from, from + AT_ONCE))
  }
  return `data:${file.type || 'application/octet-stream'};base64,${btoa(text)}`
}
