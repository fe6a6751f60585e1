// What the model wrote: text as it comes, how it is going, and what can be done with it.

import { memo } from 'react'

import { Markdown } from '@/shared/markdown/Markdown'
import { Button } from '@/shared/ui/Button'
import { CopyButton } from '@/shared/ui/CopyButton'
import { FailureBox } from '@/shared/ui/FailureBox'

import { isBusy, type Answer, type Mode } from '../model'
import { answers } from '../playground'
import styles from './AnswerTurn.module.css'
import { Figures } from './Figures'
import { Going } from './Going'

interface Props {
  answer: Answer
  conversationId: string
  mode: Mode
  model: string
  last: boolean
  /** The text that this one goes on with. */
  prompt: string | undefined
}

export const AnswerTurn = memo(function AnswerTurn(props: Props) {
  const { answer, conversationId, mode, model, last, prompt } = props
  const busy = isBusy(answer)
  const retry = () => answers.retry(conversationId, model)
  return (
    <li className={styles['answer']} aria-busy={busy} data-state={answer.state}>
      <h2 className="sr-only">{mode === 'summary' ? 'Summary' : 'Model'}</h2>
      <Body answer={answer} prompt={prompt} />
      <Going answer={answer} />
      {answer.failure && (
        <FailureBox message={answer.failure.message} about={answer.failure}>
          {last && (
            <Button small icon="retry" onClick={retry}>
              Try again
            </Button>
          )}
        </FailureBox>
      )}
      {!busy && (
        <div className={styles['foot']}>
          <div className={styles['actions']}>
            {answer.text && <CopyButton text={() => answer.text} what="answer" />}
            {last && !answer.failure && (
              <Button small look="quiet" icon="retry" onClick={retry}>
                Retry
              </Button>
            )}
            {last && mode === 'generate' && answer.text && (
              <Button
                small
                look="quiet"
                icon="continue"
                onClick={() => answers.proceed(conversationId, model)}
              >
                Go on
              </Button>
            )}
          </div>
          <Figures answer={answer} />
        </div>
      )}
    </li>
  )
})

function Body({ answer, prompt }: { answer: Answer; prompt: string | undefined }) {
  const { text, state, json } = answer
  if (prompt !== undefined) {
    return (
      <p className={styles['continued']}>
        <span className={styles['prompt']}>{prompt}</span>
        <span className={styles['written']}>{text}</span>
      </p>
    )
  }
  if (text) return <Markdown text={json ? `\`\`\`json\n${text}\n\`\`\`` : text} />
  if (state === 'done') return <p className={styles['nothing']}>The model wrote nothing.</p>
  return null
}
