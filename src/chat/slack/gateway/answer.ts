// Every command, press, shortcut and form is acknowledged once, within Slack's three seconds, after what it asks for is saved.
import { ChatError, UserError } from '../../../errors.ts'
import { emit } from '../../../telemetry/events.ts'
import { failureWords, LATE, LATE_MS } from '../../answer-words.ts'
import { foreignMrkdwn } from '../mrkdwn.ts'
import { sayPrivately } from '../tell.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { type Asked, reachOf } from './asked.ts'

const LONGEST = 1900

/** What an acknowledgement can carry: words for the person alone, or what is wrong with the fields of a form. */
type Carried = { text: string } | { errors: Record<string, string> }
export type Acknowledge = (carried?: Carried) => Promise<unknown>

/**
 * Carries `work` out and says what it returns, or why it failed, to the person alone. Never throws.
 * @param ack called once
 * @param carriesText whether `ack` takes words; else they go by the response address
 * @param errorsOf where `ack` takes what is wrong with a form, which then stays open
 */
export async function answer(
  asked: Asked,
  deps: AnswerDeps,
  {
    ack,
    carriesText,
    errorsOf,
  }: { ack: Acknowledge; carriesText: boolean; errorsOf?: (error: UserError) => Record<string, string> },
  work: () => Promise<string | undefined>,
): Promise<void> {
  const { log } = deps
  const sinceMs = performance.now()
  let acknowledged: Promise<unknown> | undefined
  const acknowledge = (carried?: Carried) => {
    acknowledged ??= ack(carried).then(
      () => emit('platform:ack', { platform: 'slack', ackMs: performance.now() - sinceMs }),
      (error: unknown) => log.warn({ err: error, interaction: asked.triggerId }, 'an answer came too late'),
    )
    return acknowledged
  }
  const timer = setTimeout(() => void acknowledge(carriesText ? { text: LATE } : undefined), LATE_MS)
  const text = await work().catch(async (error: unknown) => {
    if (!(error instanceof UserError) || !errorsOf || acknowledged) return sentenceOf(error, asked, deps)
    await acknowledge({ errors: errorsOf(error) })
    return undefined
  })
  clearTimeout(timer)
  if (text !== undefined && carriesText && !acknowledged) {
    await acknowledge({ text })
    return
  }
  await acknowledge()
  if (text === undefined) return
  const told = { ...asked, ...reachOf(asked) }
  const said = await sayPrivately(deps.web, told, text).catch(() => false)
  if (!said) log.warn({ interaction: asked.triggerId }, 'a sentence could not be said')
}

/** @returns as Slack reads it */
function sentenceOf(error: unknown, asked: Asked, { log }: Pick<AnswerDeps, 'log'>): string {
  if (!(error instanceof UserError))
    log.error({ err: error, interaction: asked.triggerId }, 'a command went wrong')
  const words = error instanceof ChatError ? error.message : failureWords(error)
  return foreignMrkdwn(words, LONGEST)
}
