// `npm run separate`: the whole bot for one person at a terminal. The request goes through the same queue as everybody's; this
// process works on it itself unless another worker of this machine does.
import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { COLON_SPELLING } from '../../../commands/options.ts'
import { separate } from '../../../commands/separate.ts'
import type { Settings } from '../../config.ts'
import { STARTER_NOTE } from '../../domain/card.ts'
import { fileSource, looksLikeLink } from '../../domain/source.ts'
import { cancelRequest } from '../../queue/cancel.ts'
import type { Services } from '../../services.ts'
import type { SeparateArguments } from './arguments.ts'
import { watchInterrupts } from './interrupt.ts'
import { plain } from './render.ts'
import { prepareOutDir, takeOut } from './takeout.ts'
import { openScreen, watchRequest } from './watch.ts'

const BETTER_MODEL = '`npm run models -- fetch htdemucs` brings that one.'

export const EXIT = { delivered: 0, failed: 1, usage: 2, interrupted: 130 } as const

export type TerminalDeps = {
  settings: Settings
  services: Services
  /** Settled once a worker's models are known, this process's or another's. */
  workerDecided: Promise<void>
  /** Where relative paths count from. */
  cwd: string
}

/** @returns the exit code */
export async function separateAtTerminal(args: SeparateArguments, deps: TerminalDeps): Promise<number> {
  const { settings, services, cwd } = deps
  const outDir = resolve(cwd, args.outDir)
  const link = looksLikeLink(args.song)
  const upload = link
    ? undefined
    : await services.files.takeUpload(resolve(cwd, args.song), settings.MAX_UPLOAD_BYTES)
  await prepareOutDir(outDir)
  await deps.workerDecided

  // A terminal without a size, as some CI systems give, cannot hold a live card.
  const hasTerminal = process.stdout.isTTY && process.stdout.columns > 0
  const screen = openScreen(args.json ? 'json' : hasTerminal ? 'live' : 'plain')
  const interaction = {
    platform: 'terminal',
    app: 'terminal',
    externalId: randomUUID(),
    person: personHere(),
    workspace: '',
    channel: outDir,
  }
  const { request, standing } = await separate.run(
    {
      interaction,
      manager: true,
      message: null,
      options: { ...args.options, ...(link ? { song: args.song } : {}) },
      file: upload ? fileSource(upload.sha256, upload.name) : null,
      resumes: true,
      spelling: COLON_SPELLING,
    },
    {
      ...services,
      defaultModel: settings.MODEL,
      maxOpenRequests: settings.MAX_OPEN_REQUESTS,
      publicUrl: null,
    },
  )
  if (standing !== 'new' && request.state === 'working') screen.line(`Going on with #${request.number}.`)

  const left = new AbortController()
  const interrupts = watchInterrupts((asking) => screen.pause(asking))
  void interrupts.choice.then(() => left.abort())
  try {
    const card = await watchRequest(services.db, request.id, screen, left.signal)
    screen.end()
    if (!card) {
      if ((await interrupts.choice) === 'cancel') {
        await cancelRequest(services, request.id)
        screen.line(`Cancelled #${request.number}.`)
      } else screen.line(`Left #${request.number}: the same command goes on with it.`)
      return EXIT.interrupted
    }
    if (card.state === 'failed' || card.state === 'cancelled') {
      const error = card.error ?? { code: card.state, message: 'The request was cancelled.' }
      if (args.json) console.log(JSON.stringify({ event: 'failed', number: card.number, ...error }))
      screen.line(`${plain(error.message)} (${error.code})`)
      return EXIT.failed
    }
    const { folder, files } = await takeOut(services, request.id, outDir)
    if (args.json)
      console.log(
        JSON.stringify({ event: 'delivered', number: card.number, folder, files, notes: card.notes }),
      )
    else {
      console.log(
        [
          '',
          ...files.map((file) => `  ${file}`),
          '',
          `in ${folder}`,
          ...card.notes.map((note) => `\n${plain(note)}`),
          // Who sits at the terminal can do something about it.
          ...(card.notes.includes(STARTER_NOTE) ? [BETTER_MODEL] : []),
        ].join('\n'),
      )
    }
    return EXIT.delivered
  } finally {
    interrupts.close()
  }
}

/** The account's name; its number where it has none, as in some containers. */
function personHere(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
