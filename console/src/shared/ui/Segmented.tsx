// A choice among a few, all in sight: radio buttons that look like one control.

import { useId } from 'react'

import { Icon, type IconName } from './icons'
import styles from './Segmented.module.css'

export interface Option<T extends string> {
  value: T
  label: string
  icon?: IconName
  disabled?: boolean
}

interface Props<T extends string> {
  label: string
  value: T
  options: readonly Option<T>[]
  onChange: (value: T) => void
  disabled?: boolean
}

export function Segmented<T extends string>(props: Props<T>) {
  const { label, value, options, onChange, disabled = false } = props
  const name = useId()
  return (
    <fieldset className={styles['group']} disabled={disabled}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles['option']}>
          <input
            type="radio"
            className="sr-only"
            name={name}
            checked={option.value === value}
            disabled={option.disabled}
            onChange={() => onChange(option.value)}
          />
          {option.icon && <Icon name={option.icon} size={16} />}
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  )
}
