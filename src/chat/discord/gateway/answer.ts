// Every interaction is answered: by a card, a private sentence, a form, suggestions, or an acknowledgement. Never throws.
import { ApplicationCommandType, InteractionType } from 'discord-api-types/v10'
import { ChatError, UserError } from '../../../errors.ts'
import { failureWords, LATE, LATE_MS } from '../../answer-words.ts'
import { foreignText } from '../markdown.ts'
import { answerButton } from './answer-button.ts'
import { answerCommand, answerMessageCommand } from './answer-command.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { answerForm } from './answer-form.ts'
import { answerTyping } from './answer-typing.ts'
import type { Given } from './interaction.ts'
import { interactionArrives, isBeingAnswered, logUnanswered, tellAlone } from './respond.ts'

const LONGEST = 1900

export async function answer(given: Given, shared: AnswerDeps): Promise<void> {
  interactionArrives(given)
  const { log } = shared
  const deps = { ...shared }
  const failed = (error: unknown) => {
    if (error instanceof ChatError) logUnanswered(log, given, error)
    else log.error({ err: error, interaction: given.id }, 'a sentence could not be said')
  }
  // Completions have a limit of their own.
  const isTyping = given.type === InteractionType.ApplicationCommandAutocomplete
  const timer = setTimeout(() => {
    if (isTyping || isBeingAnswered(given)) return
    deps.late = tellAlone(shared, given, LATE).then(
      () => true,
      (error: unknown) => {
        failed(error)
        return false
      },
    )
  }, LATE_MS)
  try {
    await answerByKind(given, deps)
  } catch (error) {
    if (error instanceof ChatError) return logUnanswered(log, given, error)
    if (!(error instanceof UserError))
      log.error({ err: error, interaction: given.id }, 'a command went wrong')
    await tellAlone(deps, given, foreignText(failureWords(error), LONGEST)).catch(failed)
  } finally {
    clearTimeout(timer)
  }
}

async function answerByKind(given: Given, deps: AnswerDeps): Promise<void> {
  switch (given.type) {
    case InteractionType.ApplicationCommand:
      if (given.data.type === ApplicationCommandType.ChatInput) return answerCommand(given, given.data, deps)
      if (given.data.type === ApplicationCommandType.Message)
        return answerMessageCommand(given, given.data, deps)
      break
    case InteractionType.ApplicationCommandAutocomplete:
      return answerTyping(given, deps)
    case InteractionType.MessageComponent:
      return answerButton(given, deps)
    case InteractionType.ModalSubmit:
      return answerForm(given, deps)
  }
  throw new UserError('bad_usage', 'That is not something I know.')
}
