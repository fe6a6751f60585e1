// Reads a text file that was dropped, pasted or chosen.

/** A little under the server's limit of 32 MiB for a request. */
const LARGEST = 30 * 1024 * 1024

export interface TextFile {
  name: string
  text: string
}

/** The text, or the sentence that says why there is none. */
export async function readTextFile(file: File): Promise<TextFile | string> {
  if (file.size > LARGEST) return `${file.name} is larger than 30 MiB.`
  try {
    const bytes = await file.arrayBuffer()
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return `${file.name} is not a text file.`
    return text.trim() ? { name: file.name, text } : `${file.name} is empty.`
  } catch {
    return `${file.name} is not a text file in UTF-8.`
  }
}
