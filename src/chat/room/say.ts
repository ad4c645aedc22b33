// What somebody writes in a room: words for all, or a command. A request is its own message; any other answer is for them alone.
import { join } from 'node:path'
import type { Command, CommandDeps, TextReply } from '../../../commands/command.ts'
import type { GivenFile } from '../../domain/source.ts'
import { UserError } from '../../errors.ts'
import type { Interaction } from '../../store/requests.ts'
import { ROOM, sayInRoom } from '../../store/room-messages.ts'
import { type RoomPerson, roomNames } from '../../store/room-people.ts'
import { emit } from '../../telemetry/events.ts'
import { carryOut } from '../carry-out.ts'
import { mainCommand, parseCommandText } from '../command-text.ts'
import { press as pressButton } from '../press.ts'
import { peopleIn, writeMarks } from '../reply-marks.ts'
import { WORD_SPELLING } from '../word-spelling.ts'
import { takenFile } from './uploads.ts'
import type { Answer, Press, Said } from './wire.ts'

/** Control characters, but for the ends of lines, and what turns the direction of others' text. */
const UNWRITTEN = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu
const SAMPLE = join(import.meta.dirname, '../../../examples/song.flac')

/** The page heard no answer, and gave the same once more. */
const TAKEN_BEFORE: Answer = {
  title: 'That was taken already',
  lines: ['/status shows how things stand.'],
}

/** Who is in which room. */
export type Here = { room: string; person: RoomPerson; manages: boolean }
export type SayDeps = CommandDeps & { commands: readonly Command[]; maxUploadBytes: number }

/** @throws UserError */
export async function say(said: Said, here: Here, deps: SayDeps): Promise<Answer | null> {
  return timed(() => take(said, here, deps))
}

async function take({ nonce, text, file }: Said, here: Here, deps: SayDeps): Promise<Answer | null> {
  const written = text.toWellFormed().replace(UNWRITTEN, ' ').trim()
  const given = file === undefined ? null : await takenFile(deps, file)
  if (written.startsWith('/')) {
    const { command, values } = commandIn(written, deps.commands)
    return run(command, values, given, nonce, here, deps)
  }
  if (given) return run(mainCommand(deps.commands), {}, given, nonce, here, deps)
  if (written !== '')
    await sayInRoom(deps.db, { room: here.room, person: here.person.id, nonce, text: written })
  return null
}

/** The song that comes along, separated. */
export async function saySample(nonce: string, here: Here, deps: SayDeps): Promise<Answer | null> {
  const { sha256, name } = await deps.files.takeUpload(SAMPLE, deps.maxUploadBytes)
  return say({ nonce, text: '', file: `${sha256}/${name}` }, here, deps)
}

/** @throws UserError */
export async function press({ nonce, button, choice = '' }: Press, here: Here, deps: SayDeps): Promise<void> {
  await timed(() =>
    pressButton({ buttonId: button, choice }, interactionOf(nonce, here), deps, () => here.manages),
  )
}

/** A refusal is an acknowledgement too. */
async function timed<T>(answer: () => Promise<T>): Promise<T> {
  const sinceMs = performance.now()
  try {
    return await answer()
  } finally {
    emit('platform:ack', { platform: ROOM, ackMs: performance.now() - sinceMs })
  }
}

/** @throws UserError `bad_usage` */
function commandIn(written: string, commands: readonly Command[]) {
  const name = /^\/(\S*)/.exec(written)?.[1]?.toLowerCase()
  const command = commands.find((one) => one.name === name)
  const parsed = command && parseCommandText(commands, written.slice(1))
  if (!command || !parsed || parsed === 'nothing')
    throw new UserError('bad_usage', 'There is no such command: type / to see all there are.')
  // `/status quo` would be a song elsewhere.
  if (parsed.command !== command)
    throw new UserError('bad_usage', `/${command.name} does not take that: /help shows how it is used.`)
  return parsed
}

async function run(
  command: Command,
  values: Record<string, unknown>,
  file: GivenFile | null,
  nonce: string,
  here: Here,
  deps: SayDeps,
): Promise<Answer | null> {
  if (file && command.file === null)
    throw new UserError('bad_usage', `/${command.name} takes no file: /help shows how it is used.`)
  const invocation = {
    interaction: interactionOf(nonce, here),
    manager: here.manages,
    values,
    file,
    message: {
      interactionId: nonce,
      token: null,
      tokenExpiresAt: null,
      maxFileBytes: null,
      installation: null,
      personName: here.person.name,
      isBegun: false,
    },
    spelling: WORD_SPELLING,
  }
  // Nobody deletes a message of the room.
  const reply = await carryOut(command, invocation, deps, async () => false)
  if (!reply) return TAKEN_BEFORE
  return reply.kind === 'text' ? answerOf(reply, deps) : null
}

function interactionOf(nonce: string, { room, person }: Here): Interaction {
  return { platform: ROOM, app: ROOM, externalId: nonce, person: person.id, workspace: '', channel: room }
}

async function answerOf(reply: TextReply, { db }: SayDeps): Promise<Answer> {
  const names = await roomNames(db, peopleIn(reply))
  const write = {
    text: String,
    person: (id: string) => `@${names.get(id) ?? 'somebody'}`,
    request: (number: number) => `#${number}`,
    address: String,
  }
  return { title: reply.title, lines: reply.lines.map((line) => writeMarks(line, write)) }
}
