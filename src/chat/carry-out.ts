// What a platform does with a command once it knows who asks, where, and with what: the same everywhere but for how it is said.
import type {
  Command,
  CommandDeps,
  Invocation,
  Reply,
  RequestReply,
  TextReply,
} from '../../commands/command.ts'
import { parseOptions } from '../../commands/options.ts'
import { UserError } from '../errors.ts'
import { findMessage, type Message, wantNewMessage } from '../store/messages.ts'
import { inCommandSpan, sayRequest } from '../telemetry/command-span.ts'
import { once } from './once.ts'

type Given = Omit<Invocation<unknown>, 'options' | 'resumes' | 'anew'> & { values: Record<string, unknown> }

/**
 * Runs the command. A song that is asked for twice within minutes has its message already, and is pointed to; where that was deleted,
 * it is asked for anew.
 * @param isGone whether people see a message no more
 * @returns undefined when another process carries this very interaction out
 * @throws UserError
 */
export function carryOut(
  command: Command,
  given: Given,
  deps: CommandDeps,
  isGone: (message: Message) => Promise<boolean>,
): Promise<Reply | undefined> {
  const work = () => carryOutInSpan(command, given, deps, isGone)
  return inCommandSpan(command.name, given.interaction.platform, work)
}

async function carryOutInSpan(
  command: Command,
  { values, ...given }: Given,
  deps: CommandDeps,
  isGone: (message: Message) => Promise<boolean>,
): Promise<Reply | undefined> {
  if (command.access === 'managers' && !given.manager) throw new UserError('not_allowed')
  const options = parseOptions(command, values)
  const run = (anew: boolean) => command.run({ ...given, options, resumes: false, anew }, deps)
  const reply = command.once ? await once(deps.db, given.interaction, () => run(false)) : await run(false)
  if (!reply) return undefined
  if (reply.kind === 'request') sayRequest(reply.request)
  if (reply.kind === 'text' || reply.standing !== 'same') return reply
  const earlier = await findMessage(deps.db, reply.request.id)
  // That of a request which has not ended is looked after by the courier.
  const isOver = earlier?.messageId && earlier.state === 'closed'
  return isOver && (await isGone(earlier)) ? run(true) : pointTo(reply, earlier, deps)
}

async function pointTo(
  { request }: RequestReply,
  message: Message | undefined,
  { db }: CommandDeps,
): Promise<TextReply> {
  const isGone = message?.state === 'deleted'
  if (isGone) await wantNewMessage(db, request.id)
  const line = isGone
    ? `Its message was deleted: #${request.number} is shown again in a moment.`
    : `#{${request.number}} shows how it stands.`
  return { kind: 'text', title: 'You have asked for that already', lines: [line] }
}
