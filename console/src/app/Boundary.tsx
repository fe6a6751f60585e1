// Keeps a fault of one page from taking the others with it.

import { Component, type ReactNode } from 'react'

import { Button } from '@/shared/ui/Button'
import { FailureBox } from '@/shared/ui/FailureBox'

import styles from './Shell.module.css'

interface State {
  fault: Error | undefined
}

export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { fault: undefined }

  static getDerivedStateFromError(thrown: unknown): State {
    return { fault: thrown instanceof Error ? thrown : new Error(String(thrown)) }
  }

  override render() {
    const { fault } = this.state
    if (!fault) return this.props.children
    return (
      <div className={styles['fault']}>
        <FailureBox message={`This page failed: ${fault.message}`} about={{}}>
          <Button icon="retry" onClick={() => location.reload()}>
            Load it again
          </Button>
        </FailureBox>
      </div>
    )
  }
}
