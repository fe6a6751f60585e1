// Where pictures come in: chosen, dropped on the page, pasted, from the camera, or by address.

import { useId, useRef, useState, type ReactNode } from 'react'

import { addressIn, faultOf } from '@/shared/lib/picture'
import { usePictures } from '@/shared/lib/usePictures'

import { Button } from './Button'
import { Camera, hasCamera } from './Camera'
import { Icon } from './icons'
import { notify } from './notices'
import styles from './PictureInput.module.css'

interface Props {
  label: string
  /** What to do, in a line. */
  children: ReactNode
  several?: boolean
  /** Fewer words, for a place beside others. */
  small?: boolean
  onFiles: (files: File[]) => void
  onAddress?: (address: string) => void
}

export function PictureInput(props: Props) {
  const { label, children, several = false, small = false, onFiles, onAddress } = props
  const [shooting, setShooting] = useState(false)
  const [asking, setAsking] = useState(false)
  const chooser = useRef<HTMLInputElement>(null)
  const snapper = useRef<HTMLInputElement>(null)

  function take(files: readonly File[]) {
    const sound = files.filter((file) => {
      const fault = faultOf(file)
      if (fault) notify(fault)
      return fault === undefined
    })
    if (sound.length > 0) onFiles(several ? sound : sound.slice(0, 1))
  }

  const over = usePictures(({ files, address }) => {
    take(files)
    if (address !== undefined) onAddress?.(address)
  })

  const chosen = (event: { target: HTMLInputElement }) => {
    take([...(event.target.files ?? [])])
    event.target.value = ''
  }

  return (
    <div
      className={`${styles['input']} ${small ? styles['small'] : ''}`}
      data-over={over || undefined}
      role="group"
      aria-label={label}
    >
      <p className={styles['said']}>
        {!small && <Icon name="picture" size={30} />}
        <span>{over ? 'Let go to add it.' : children}</span>
      </p>
      <div className={styles['ways']}>
        <input
          ref={chooser}
          type="file"
          hidden
          accept="image/*"
          multiple={several}
          aria-label={`${label}, file`}
          onChange={chosen}
        />
        <input
          ref={snapper}
          type="file"
          hidden
          accept="image/*"
          capture="environment"
          onChange={chosen}
        />
        <Button
          look={small ? 'plain' : 'main'}
          small={small}
          icon="picture"
          onClick={() => chooser.current?.click()}
        >
          {several ? 'Choose pictures' : 'Choose'}
        </Button>
        <Button
          small={small}
          icon="camera"
          onClick={() => {
            if (hasCamera()) setShooting(true)
            // Without it, phones open their own camera for this field.
            else snapper.current?.click()
          }}
        >
          Camera
        </Button>
        {onAddress && (
          <Button
            small={small}
            icon="link"
            aria-expanded={asking}
            onClick={() => setAsking(!asking)}
          >
            Address
          </Button>
        )}
      </div>
      {asking && onAddress && <AddressForm onAddress={onAddress} />}
      <Camera
        open={shooting}
        onClose={() => setShooting(false)}
        onPicture={(file) => onFiles([file])}
      />
    </div>
  )
}

function AddressForm({ onAddress }: { onAddress: (address: string) => void }) {
  const id = useId()
  const [text, setText] = useState('')
  const [fault, setFault] = useState(false)
  return (
    <form
      className={styles['address']}
      onSubmit={(event) => {
        event.preventDefault()
        const address = addressIn(text)
        setFault(address === undefined)
        if (address === undefined) return
        onAddress(address)
        setText('')
      }}
    >
      <input
        className="input"
        type="text"
        inputMode="url"
        autoCapitalize="off"
        spellCheck={false}
        // What opened it asks for this.
        autoFocus
        aria-label="Address of a picture"
        aria-invalid={fault || undefined}
        aria-describedby={id}
        placeholder="https://…"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit">Add</Button>
      <p id={id} data-fault={fault || undefined}>
        {fault
          ? 'That is no address: it begins with https:// or http://.'
          : 'The server fetches it, not this browser.'}
      </p>
    </form>
  )
}
