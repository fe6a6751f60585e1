// Takes a picture with the camera of this device.

import { useEffect, useRef, useState } from 'react'

import { Button } from './Button'
import styles from './Camera.module.css'
import { Dialog } from './Dialog'

interface Props {
  open: boolean
  onClose: () => void
  onPicture: (file: File) => void
}

/** Browsers offer the camera to pages that are served securely, and to those of this machine. */
export function hasCamera(): boolean {
  return (navigator.mediaDevices as MediaDevices | undefined)?.getUserMedia !== undefined
}

export function Camera({ open, onClose, onPicture }: Props) {
  return (
    <Dialog title="Camera" place="middle" open={open} onClose={onClose}>
      <Viewfinder
        onPicture={(file) => {
          onPicture(file)
          onClose()
        }}
      />
    </Dialog>
  )
}

function Viewfinder({ onPicture }: { onPicture: (file: File) => void }) {
  const video = useRef<HTMLVideoElement>(null)
  const [state, setState] = useState<'starting' | 'live'>('starting')
  const [fault, setFault] = useState<string>()

  useEffect(() => {
    let stream: MediaStream | undefined
    let gone = false
    const stop = () => stream?.getTracks().forEach((track) => track.stop())
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: 'environment' } })
      .then((opened) => {
        stream = opened
        // Closed before the camera was there: its light must not stay on.
        if (gone) stop()
        else if (video.current) video.current.srcObject = opened
      })
      .catch((thrown: unknown) => setFault(said(thrown)))
    return () => {
      gone = true
      stop()
    }
  }, [])

  function shoot() {
    const { current: seen } = video
    if (!seen) return
    const canvas = document.createElement('canvas')
    canvas.width = seen.videoWidth
    canvas.height = seen.videoHeight
    canvas.getContext('2d')?.drawImage(seen, 0, 0)
    canvas.toBlob(
      (blob) => blob && onPicture(new File([blob], 'camera.jpg', { type: blob.type })),
      'image/jpeg',
      0.92,
    )
  }

  return (
    <div className={styles['camera']}>
      {fault ? (
        <p role="alert" className={styles['fault']}>
          {fault}
        </p>
      ) : (
        <video
          ref={video}
          className={styles['view']}
          aria-label="What the camera sees"
          autoPlay
          muted
          playsInline
          onPlaying={() => setState('live')}
        />
      )}
      <Button look="main" icon="camera" disabled={state !== 'live'} onClick={shoot}>
        {state === 'live' || fault ? 'Take the picture' : 'Starting the camera…'}
      </Button>
    </div>
  )
}

function said(thrown: unknown): string {
  const name = thrown instanceof DOMException ? thrown.name : ''
  if (name === 'NotAllowedError')
    return 'The browser keeps the camera from this page. Allow it beside the address, or choose a file.'
  if (name === 'NotFoundError') return 'This device has no camera. Choose a file instead.'
  if (name === 'NotReadableError')
    return 'Another program has the camera. Close it there, or choose a file.'
  return 'The camera did not start. Choose a file instead.'
}
