// The turns of a conversation, kept at its end while an answer grows.

import { useRef } from 'react'

import { Button } from '@/shared/ui/Button'

import type { Answer, Conversation } from '../model'
import { answers } from '../playground'
import { AnswerTurn } from './AnswerTurn'
import { QuestionTurn } from './QuestionTurn'
import { useSpoken } from './spoken'
import styles from './Thread.module.css'
import { useFollowedEnd } from './followedEnd'

export function Thread({ conversation, model }: { conversation: Conversation; model: string }) {
  const { id, mode, turns } = conversation
  const scroller = useRef<HTMLElement>(null)
  const content = useRef<HTMLOListElement>(null)
  const { away, toEnd } = useFollowedEnd(scroller, content)
  const last = turns.at(-1)
  const newest: Answer | undefined = last?.role === 'assistant' ? last : undefined
  useSpoken(newest)

  return (
    <div className={styles['frame']}>
      <section ref={scroller} className={styles['thread']} tabIndex={0} aria-label="Conversation">
        <ol ref={content} className={styles['turns']}>
          {turns.map((turn, index) =>
            turn.role === 'user' ? (
              <QuestionTurn
                key={turn.id}
                question={turn}
                conversationId={id}
                model={model}
                editable={mode !== 'summary'}
              />
            ) : (
              <AnswerTurn
                key={turn.id}
                answer={turn}
                conversationId={id}
                mode={mode}
                model={model}
                last={index === turns.length - 1}
                prompt={mode === 'generate' ? turns[index - 1]?.text : undefined}
              />
            ),
          )}
        </ol>
        {last?.role === 'user' && (
          <p className={styles['orphan']}>
            This got no answer.{' '}
            <Button small icon="retry" onClick={() => answers.retry(id, model)}>
              Ask again
            </Button>
          </p>
        )}
      </section>
      {away && (
        <div className={styles['end']}>
          <Button small icon="down" onClick={toEnd}>
            To the end
          </Button>
        </div>
      )}
    </div>
  )
}
