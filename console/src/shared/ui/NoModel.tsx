// In the place of a page whose work no model here does: how to get one that does.

import { CopyButton } from './CopyButton'
import styles from './NoModel.module.css'
import { Welcome } from './Welcome'

export function NoModel(props: { title: string; text: string; command: string }) {
  const { title, text, command } = props
  return (
    <Welcome within title={title} text={text}>
      <div className={styles['command']}>
        <code>{command}</code>
        <CopyButton text={() => command} what="the command" />
      </div>
    </Welcome>
  )
}
