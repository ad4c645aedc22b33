// queue: managers look at the queues, pause, resume, scale and drain them, on all machines at once.
import { z } from 'zod'
import { UserError } from '../src/errors.ts'
import {
  drainQueues,
  lookAtQueues,
  pauseQueues,
  type QueueStanding,
  resumeQueues,
  scaleQueues,
} from '../src/queue/control.ts'
import type { Database } from '../src/store/database.ts'
import { liveWorkers } from '../src/store/live-workers.ts'
import type { SaidBy } from '../src/store/queue-controls.ts'
import type { Command, TextReply } from './command.ts'
import { ago, personMark } from './lines.ts'
import type { Spelling } from './options.ts'

const ACTIONS = ['show', 'pause', 'resume', 'scale', 'unscale', 'drain'] as const
const STAGES = ['resolve', 'download', 'processing', 'analysis', 'delivery'] as const
const TITLES = {
  show: 'Queues',
  pause: 'Paused',
  resume: 'Resumed',
  scale: 'Scaled',
  unscale: 'Scaled',
  drain: 'Draining',
} as const

const queueOptions = z.object({
  action: z
    .enum(ACTIONS)
    .default('show')
    .describe(`${ACTIONS.join(', ')} (show)`),
  queue: z
    .enum(STAGES)
    .optional()
    .describe(`Which queue: ${STAGES.join(', ')} (all)`),
  limit: z.int().min(1).max(64).optional().describe('For scale: jobs at once on each machine'),
})
export type QueueOptions = z.infer<typeof queueOptions>

export const queue: Command<typeof queueOptions, TextReply> = {
  name: 'queue',
  description: 'For managers: shows the queues, pauses, resumes, scales or drains them, on all machines',
  options: queueOptions,
  file: null,
  onMessage: null,
  access: 'managers',
  once: true,
  examples: [
    { action: 'pause', queue: 'processing' },
    { action: 'scale', queue: 'processing', limit: 1 },
    { action: 'drain' },
  ],
  suggest: {},
  async run({ interaction, manager, options, spelling }, { db }) {
    if (!manager) throw new UserError('not_allowed')
    const { platform, person } = interaction
    await changeQueues(db, options, { platform, person })
    const standings = await lookAtQueues(db, options.queue)
    const machines = (await liveWorkers(db)).length
    const lines = standings.map((standing) => queueLine(standing, platform))
    const title = `${TITLES[options.action]} · ${machinesInWords(machines)} at work`
    return { kind: 'text', title, lines: [...lines, ...drainLines(standings, spelling)] }
  },
}

/**
 * Does what the options say; nothing for `show`.
 * @throws UserError `bad_usage`
 */
export async function changeQueues(
  db: Database,
  { action, queue: stage, limit }: QueueOptions,
  by: SaidBy,
): Promise<void> {
  if (action === 'scale' && limit === undefined)
    throw new UserError(
      'bad_usage',
      "limit: give how many jobs may run at once on each machine, 1 to 64; unscale goes back to each machine's settings.",
    )
  if (action !== 'scale' && limit !== undefined)
    throw new UserError('bad_usage', 'limit: it goes with scale alone.')
  if (action === 'pause') await pauseQueues(db, stage, by)
  if (action === 'resume') await resumeQueues(db, stage, by)
  if (action === 'scale' && limit !== undefined) await scaleQueues(db, stage, limit, by)
  if (action === 'unscale') await scaleQueues(db, stage, null, by)
  if (action === 'drain') await drainQueues(db, stage, by)
}

/** `processing: 1 running, 4 waiting, at most 4 at once (2 on each machine), paused, set by @{ann} 5 min ago` */
function queueLine(standing: QueueStanding, platform: string): string {
  const { queue, running, waiting, limit, concurrency, state, changedAt, changedBy } = standing
  const isSaid = state !== 'open' || concurrency !== null
  return [
    `${queue}: ${running} running`,
    `${waiting} waiting`,
    limit > 0 ? `at most ${limit} at once` : 'no machine works it',
    ...(concurrency === null ? [] : [`${concurrency} on each machine`]),
    ...(state === 'open' ? [] : [state]),
    ...(isSaid && changedAt && changedBy
      ? [`set ${byInWords(changedBy, platform)} ${ago(changedAt, new Date())}`]
      : []),
  ].join(', ')
}

const PLACES: Record<string, string> = {
  terminal: 'at the terminal',
  admin: 'at /admin',
  room: 'in the room',
  discord: 'on Discord',
  slack: 'on Slack',
}

/** Where somebody has said something of a queue. */
export function placeInWords(platform: string): string {
  return PLACES[platform] ?? `on ${platform}`
}

/** People of one platform are not known on another. */
function byInWords({ platform, person }: SaidBy, here: string): string {
  return platform === here ? `by ${personMark(person)}` : placeInWords(platform)
}

/** What is left to wait for, and how it ends. */
function drainLines(standings: QueueStanding[], spelling: Spelling): string[] {
  const draining = standings.filter(({ state }) => state === 'draining' || state === 'drained')
  if (draining.length === 0) return []
  const running = draining.reduce((sum, standing) => sum + standing.running, 0)
  const resume = `${spelling.command(queue.name)} ${spelling.option('action', 'resume', true)}`
  const still = running === 0 ? 'Drained: nothing runs there any more' : `Draining: ${running} still running`
  return [`${still}. No new job starts before ${resume}.`]
}

function machinesInWords(count: number): string {
  if (count === 0) return 'no machine'
  return count === 1 ? '1 machine' : `${count} machines`
}
