// A labelled control with a line of help; and the kinds of control that settings need.

import { useId, type ReactNode } from 'react'

import styles from './Field.module.css'

interface FieldIds {
  id: string
  describedBy: string | undefined
  /** Whether what stands in it was refused. */
  invalid: true | undefined
}

interface FieldProps {
  label: string
  help?: string | undefined
  /** What is wrong with what stands in it. */
  fault?: string | undefined
  /** Shown at the label's other end. */
  aside?: ReactNode
  children: (ids: FieldIds) => ReactNode
}

export function Field({ label, help, fault, aside, children }: FieldProps) {
  const id = useId()
  const helpId = `${id}-help`
  const faultId = `${id}-fault`
  const describedBy = [fault && faultId, help && helpId].filter(Boolean).join(' ') || undefined
  return (
    <div className={styles['field']}>
      <div className={styles['head']}>
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children({ id, describedBy, invalid: fault ? true : undefined })}
      {fault && (
        <p id={faultId} className={styles['fault']}>
          {fault}
        </p>
      )}
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
  fault?: string | undefined
  aside?: ReactNode
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
  const { label, help, fault, aside, ...rest } = props
  const { value, onChange, placeholder = 'default', step = 1, ...native } = rest
  return (
    <Field label={label} help={help} fault={fault} aside={aside}>
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          aria-invalid={invalid}
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
  const { label, help, fault, value, onChange, min, max, step = 1, resting, disabled } = props
  const bounds = { min, max, step, disabled }
  return (
    <Field
      label={label}
      help={help}
      fault={fault}
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
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          aria-invalid={invalid}
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

interface SelectFieldProps<T extends string> {
  label: string
  help?: string | undefined
  fault?: string | undefined
  value: T
  options: readonly { value: T; label: string }[]
  onChange: (value: T) => void
  /** What stands there while there is nothing to choose from. */
  none?: string
}

/** A choice among many. */
export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { label, help, fault, value, options, onChange, none } = props
  return (
    <Field label={label} help={help} fault={fault}>
      {({ id, describedBy, invalid }) => (
        <select
          id={id}
          className="input"
          aria-describedby={describedBy}
          aria-invalid={invalid}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
        >
          {options.length === 0 && none !== undefined && <option value="">{none}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
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
