// `npm run separate`: the whole bot for one person at a terminal. The request goes through the same queue as everybody's; this
// process works on it itself unless another worker of this machine does.
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { COLON_SPELLING } from '../../../commands/options.ts'
import { separate } from '../../../commands/separate.ts'
import type { Settings } from '../../config.ts'
import type { Card } from '../../domain/card.ts'
import { cancelRequest } from '../../queue/cancel.ts'
import { chooseRecording } from '../../queue/choose.ts'
import type { Services } from '../../services.ts'
import { inCommandSpan, sayRequest } from '../../telemetry/command-span.ts'
import { commandDepsOf } from '../command-deps.ts'
import type { SeparateArguments } from './arguments.ts'
import { askWhich } from './choose.ts'
import { watchInterrupts } from './interrupt.ts'
import { fileNamed } from './named.ts'
import { personHere } from './person-here.ts'
import { plain } from './render.ts'
import { prepareOutDir, takeOut, takeOutSongs } from './takeout.ts'
import { openScreen, type Screen, watchRequest } from './watch.ts'

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
  const { files } = services
  const file = await fileNamed(args.song, { files, cwd, maxUploadBytes: settings.MAX_UPLOAD_BYTES })
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
  const invocation = {
    interaction,
    manager: true,
    message: null,
    options: { ...args.options, ...(file ? {} : { song: args.song }) },
    file,
    resumes: true,
    spelling: COLON_SPELLING,
  }
  const commandDeps = { ...commandDepsOf(settings, services), db: services.db, publicUrl: null }
  const { request, standing } = await inCommandSpan(separate.name, interaction.platform, async () => {
    const reply = await separate.run(invocation, commandDeps)
    sayRequest(reply.request)
    return reply
  })
  if (standing !== 'new' && request.state === 'working') screen.line(`Going on with #${request.number}.`)

  const left = new AbortController()
  const interrupts = watchInterrupts((asking) => screen.pause(asking))
  void interrupts.choice.then(() => left.abort())
  const onCard = async ({ songs }: Card) => {
    if (!songs) return
    for (const song of await takeOutSongs(services, request.id, outDir)) screen.event('song', song)
  }
  try {
    for (;;) {
      const card = await watchRequest(services.db, request.id, screen, left.signal, onCard)
      screen.end()
      if (!card) return await leave(request, services, screen, await interrupts.choice)
      if (card.choices.length === 0) return await finish(card, services, screen, outDir)
      const chosen = await whichOf(card, args, screen, left.signal)
      if (left.signal.aborted) continue
      if (!chosen) return EXIT.failed
      await inCommandSpan('choose', interaction.platform, () => {
        sayRequest(request)
        return chooseRecording(services, request.id, chosen)
      })
    }
  } finally {
    interrupts.close()
  }
}

/** @returns the value of what was chosen; undefined when nothing was, which is said */
async function whichOf(
  card: Card,
  { pick, json }: SeparateArguments,
  screen: Screen,
  signal: AbortSignal,
): Promise<string | undefined> {
  const picked = pick === null ? undefined : card.choices[pick - 1]
  if (picked) return picked.value
  screen.event('choose', { number: card.number, choices: card.choices })
  const canAsk = !json && process.stdin.isTTY && process.stderr.isTTY
  if (canAsk) return askWhich(card, signal)
  screen.line('Which one is it? The same command with --pick and its number goes on with it. (not_chosen)')
  return undefined
}

async function leave(
  { id, number }: { id: string; number: number },
  services: Services,
  screen: Screen,
  choice: 'cancel' | 'leave',
): Promise<number> {
  if (choice === 'cancel') {
    await cancelRequest(services, id)
    screen.line(`Cancelled #${number}.`)
  } else screen.line(`Left #${number}: the same command goes on with it.`)
  return EXIT.interrupted
}

async function finish(card: Card, services: Services, screen: Screen, outDir: string): Promise<number> {
  const { number, notes, songs } = card
  if (card.state === 'failed' || card.state === 'cancelled') {
    const error = card.error ?? { code: card.state, message: 'The request was cancelled.' }
    screen.event('failed', { number, ...error })
    screen.line(`${plain(error.message)} (${error.code})`)
    return EXIT.failed
  }
  const { folder, files: there } = await takeOut(services, card.id, outDir)
  screen.event('delivered', { number, folder, files: there, notes, match: card.match, songs })
  return EXIT.delivered
}
