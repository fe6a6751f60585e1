// Pictures that are dropped anywhere on the page, or pasted while no text is being written.

import { useEffect, useRef, useState } from 'react'

import { picturesIn } from './picture'

interface Taken {
  files: File[]
  address?: string
}

/** Says whether something that may be a picture hangs over the page. */
export function usePictures(onTaken: (taken: Taken) => void): boolean {
  const [over, setOver] = useState(false)
  const take = useRef(onTaken)

  useEffect(() => {
    take.current = onTaken
  }, [onTaken])

  useEffect(() => {
    // Entering a child is told before leaving its parent, so they are counted.
    let depth = 0
    const carries = (event: DragEvent) =>
      event.dataTransfer?.types.some((type) => type === 'Files' || type === 'text/uri-list')

    function enter(event: DragEvent) {
      if (!carries(event)) return
      depth += 1
      setOver(true)
    }
    function leave(event: DragEvent) {
      if (!carries(event)) return
      depth = Math.max(0, depth - 1)
      setOver(depth > 0)
    }
    function hover(event: DragEvent) {
      if (carries(event)) event.preventDefault()
    }
    function drop(event: DragEvent) {
      depth = 0
      setOver(false)
      if (!event.dataTransfer || !carries(event)) return
      // Otherwise the browser would leave the page for the picture.
      event.preventDefault()
      take.current(picturesIn(event.dataTransfer))
    }
    function paste(event: ClipboardEvent) {
      if (!event.clipboardData) return
      const taken = picturesIn(event.clipboardData)
      // Text goes where one writes.
      if (taken.files.length === 0 && (isWriting(event.target) || !taken.address)) return
      event.preventDefault()
      take.current(taken)
    }

    addEventListener('dragenter', enter)
    addEventListener('dragleave', leave)
    addEventListener('dragover', hover)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragenter', enter)
      removeEventListener('dragleave', leave)
      removeEventListener('dragover', hover)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])

  return over
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
}
