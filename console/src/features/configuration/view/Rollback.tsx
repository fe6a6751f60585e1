// Asks before a version of before serves again, and shows what that would change.

import { asFailure } from '@/shared/api/failure'
import type { ConfigurationVersion } from '@/shared/api/types'
import { announce } from '@/shared/ui/announce'
import { Confirm } from '@/shared/ui/Confirm'
import { notify } from '@/shared/ui/notices'

import { useRollback } from '../asking'
import { outcome } from '../words'
import { Diff } from './Diff'

interface Props {
  goal: ConfigurationVersion | undefined
  serving: number | null | undefined
  onClose: () => void
}

export function Rollback({ goal, serving, onClose }: Props) {
  const rollback = useRollback()

  function close() {
    rollback.reset()
    onClose()
  }

  function go() {
    if (!goal) return
    rollback.mutate(goal.version, {
      onSuccess: (status) => {
        announce(outcome(status))
        notify(outcome(status))
        close()
      },
    })
  }

  return (
    <Confirm
      title={goal ? `Go back to version ${goal.version}?` : 'Go back?'}
      action="Go back"
      open={goal !== undefined}
      busy={rollback.isPending}
      failure={rollback.error ? asFailure(rollback.error) : undefined}
      onDo={go}
      onClose={close}
    >
      <p>
        It serves at once, and until the source says something new. Requests under way keep what
        they began with.
      </p>
      {goal && serving != null && <Diff from={serving} to={goal.version} />}
    </Confirm>
  )
}
