// A form with a command's options: opened where the command came without a song, or by a button, and read when it is sent.
import { z } from 'zod'
import type { Command, Suggestion } from '../../../../commands/command.ts'
import { usageOf } from '../../../../commands/options.ts'
import { ChatError, type UserError } from '../../../errors.ts'
import { errorsOf, type ModalFile, type ViewState, valuesOf } from '../form-values.ts'
import { slackError } from '../meanings.ts'
import { type ModalWishes, modalOf } from '../modal.ts'
import { escapeMrkdwn } from '../mrkdwn.ts'
import { slackSpelling } from '../usage.ts'
import { type Acknowledge, answer } from './answer.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { type Asked, askedBy, type InteractiveBody, interactionOf } from './asked.ts'
import { fileOf } from './file.ts'
import { objectIn } from './json-object.ts'
import { runCommand } from './run.ts'

/** The trigger lives three seconds: what takes longer is left out. */
const SUGGESTIONS_MS = 500
const OPEN_SECONDS = 1.5

/** What the form brings back: Slack does not say again where the command was given. */
const metadata = z.object({
  channel: z.string(),
  responseUrl: z.string().nullable(),
  /** Values that are not asked for. */
  known: z.record(z.string(), z.string()).default({}),
})

export type FormWishes = Pick<ModalWishes, 'values' | 'title' | 'submit'> & {
  /** Values that are not asked for, as people write them. */
  known?: Record<string, string>
}

/** @returns how the command is typed, where no form can be opened */
export async function openForm(
  command: Command,
  { known = {}, ...wishes }: FormWishes,
  asked: Asked,
  deps: AnswerDeps,
): Promise<string | undefined> {
  const { channel, responseUrl } = asked
  const view = modalOf(command, {
    ...wishes,
    known: Object.keys(known),
    suggestions: await suggestionsFor(command, known, asked, deps),
    privateMetadata: JSON.stringify({ channel, responseUrl, known } satisfies z.infer<typeof metadata>),
  })
  try {
    await deps.web.call(
      asked,
      'views.open',
      { trigger_id: asked.triggerId, view },
      { timeoutSeconds: OPEN_SECONDS },
    )
    return undefined
  } catch (error) {
    if (!(error instanceof ChatError)) throw error
    // Slack has told of it twice, and the form is open.
    if (slackError(error) === 'exchanged_trigger_id') return undefined
    deps.log.warn({ code: error.code, err: error.cause }, 'a form could not be opened')
    const usage = usageOf(command, slackSpelling(asked.slashCommand)).join('\n')
    return escapeMrkdwn(`I cannot ask you in a form just now. Type it:\n${usage}`)
  }
}

async function suggestionsFor(
  command: Command,
  known: Record<string, string>,
  asked: Asked,
  deps: AnswerDeps,
): Promise<Record<string, Suggestion[]>> {
  const { externalId: _, ...asker } = interactionOf(asked)
  const wanted = Object.entries(command.suggest).filter(([name]) => !Object.hasOwn(known, name))
  const found = wanted.map(async ([name, suggest]) => {
    const late = new Promise<Suggestion[]>((resolve) => setTimeout(() => resolve([]), SUGGESTIONS_MS).unref())
    const options = suggest?.('', { ...asker, manager: false }, deps).catch(() => [])
    return [name, await Promise.race([options ?? [], late])] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

export async function answerForm(
  body: InteractiveBody & {
    view: { callback_id: string; private_metadata: string; state: unknown }
  },
  ack: Acknowledge,
  deps: AnswerDeps,
): Promise<void> {
  const { view } = body
  const command = deps.commands.find(({ name }) => name === view.callback_id)
  const told = metadata.safeParse(objectIn(view.private_metadata))
  const from = askedBy(body)
  if (!command || !told.success) {
    deps.log.warn({ form: view.callback_id }, 'a form of another version was sent')
    await ack()
    return
  }
  const { known, ...place } = told.data
  const asked = { ...from, ...place }
  const ways = {
    ack,
    carriesText: false,
    errorsOf: (error: UserError) => errorsOf(command, error, Object.keys(known)),
  }
  await answer(asked, deps, ways, async () => {
    const { values, file } = valuesOf<ModalFile>(view.state as ViewState)
    const given = file ? await fileOf([file], asked, deps) : null
    return runCommand(command, { values: { ...values, ...known }, file: given }, asked, deps)
  })
}
