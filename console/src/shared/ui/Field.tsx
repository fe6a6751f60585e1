// A labelled control with a line of help; and the kinds of control that settings need.

import { useId, type ReactNode } from 'react'

import styles from './Field.module.css'

interface FieldProps {
  label: string
  help?: string
  /** Shown at the label's other end. */
  aside?: ReactNode
  children: (ids: { id: string; describedBy: string | undefined }) => ReactNode
}

export function Field({ label, help, aside, children }: FieldProps) {
  const id = useId()
  const helpId = `${id}-help`
  return (
    <div className={styles['field']}>
      <div className={styles['head']}>
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children({ id, describedBy: help && helpId })}
      {help && (
        <p id={helpId} className={styles['help']}>
          {help}
        </p>
      )}
    </div>
  )
}

interface NumberFieldProps {
  label: string
  help?: string
  value: number | undefined
  onChange: (value: number | undefined) => void
  min: number
  max?: number
  step?: number
  placeholder?: string
  disabled?: boolean
}

/** A number that may be left out. */
export function NumberField(props: NumberFieldProps) {
  const { label, help, value, onChange, placeholder = 'default', step = 1, ...native } = props
  return (
    <Field label={label} {...(help && { help })}>
      {({ id, describedBy }) => (
        <input
          id={id}
          className="input"
          type="number"
          inputMode={Number.isInteger(step) ? 'numeric' : 'decimal'}
          aria-describedby={describedBy}
          value={value ?? ''}
          placeholder={placeholder}
          step={step}
          onChange={(event) => onChange(numberOf(event.target.value))}
          {...native}
        />
      )}
    </Field>
  )
}

interface RangeFieldProps extends NumberFieldProps {
  max: number
  /** Where the slider stands while the value is left out. */
  resting: number
}

/** A number that may be left out, with a slider beside the figure. */
export function RangeField(props: RangeFieldProps) {
  const { label, help, value, onChange, min, max, step = 1, resting, disabled } = props
  const bounds = { min, max, step, disabled }
  return (
    <Field
      label={label}
      {...(help && { help })}
      aside={
        <input
          className={`input ${styles['figure']}`}
          type="number"
          inputMode="decimal"
          aria-label={`${label}, figure`}
          value={value ?? ''}
          placeholder="default"
          onChange={(event) => onChange(numberOf(event.target.value))}
          {...bounds}
        />
      }
    >
      {({ id, describedBy }) => (
        <input
          id={id}
          className={styles['range']}
          type="range"
          aria-describedby={describedBy}
          aria-valuetext={value === undefined ? 'default' : String(value)}
          data-unset={value === undefined || undefined}
          value={value ?? resting}
          onChange={(event) => onChange(numberOf(event.target.value))}
          {...bounds}
        />
      )}
    </Field>
  )
}

interface SwitchProps {
  label: string
  help?: string
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean
}

export function Switch({ label, help, checked, onChange, disabled }: SwitchProps) {
  const id = useId()
  return (
    <div className={styles['field']}>
      <label className={styles['switch']}>
        <input
          type="checkbox"
          role="switch"
          checked={checked}
          disabled={disabled}
          aria-describedby={help && id}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{label}</span>
      </label>
      {help && (
        <p id={id} className={styles['help']}>
          {help}
        </p>
      )}
    </div>
  )
}

function numberOf(text: string): number | undefined {
  const value = Number.parseFloat(text)
  return Number.isFinite(value) ? value : undefined
}
