// queue: managers look at the queues, pause, resume and scale them, on all machines at once.
import { z } from 'zod'
import { UserError } from '../src/errors.ts'
import { lookAtQueues, pauseQueues, resumeQueues, scaleQueues } from '../src/queue/control.ts'
import type { QueueStanding } from '../src/store/queue-controls.ts'
import { listWorkers } from '../src/store/workers.ts'
import type { Command, TextReply } from './command.ts'

const ACTIONS = ['look', 'pause', 'resume', 'scale'] as const
const STAGES = ['resolve', 'download', 'processing', 'analysis', 'delivery'] as const
const TITLES = { look: 'Queues', pause: 'Paused', resume: 'Resumed', scale: 'Scaled' } as const

const queueOptions = z.object({
  action: z
    .enum(ACTIONS)
    .default('look')
    .describe(`${ACTIONS.join(', ')} (look)`),
  queue: z
    .enum(STAGES)
    .optional()
    .describe(`Which queue: ${STAGES.join(', ')} (all)`),
  limit: z.int().min(1).max(64).optional().describe('For scale: jobs at once on each machine'),
})

export const queue: Command<typeof queueOptions, TextReply> = {
  name: 'queue',
  description: 'For managers: looks at the queues, pauses, resumes or scales them',
  options: queueOptions,
  file: null,
  onMessage: null,
  access: 'managers',
  once: true,
  examples: [
    { action: 'pause', queue: 'processing' },
    { action: 'scale', queue: 'processing', limit: 1 },
  ],
  suggest: {},
  async run({ manager, options: { action, queue: stage, limit } }, { db }) {
    if (!manager) throw new UserError('not_allowed')
    if (action === 'scale' && limit === undefined)
      throw new UserError('bad_usage', 'limit: give how many jobs may run at once on each machine, 1 to 64.')
    if (action !== 'scale' && limit !== undefined)
      throw new UserError('bad_usage', 'limit: it goes with scale alone.')
    if (action === 'pause') await pauseQueues(db, stage)
    if (action === 'resume') await resumeQueues(db, stage)
    if (action === 'scale' && limit !== undefined) await scaleQueues(db, stage, limit)

    const machines = new Set((await listWorkers(db)).map(({ machine }) => machine)).size
    const lines = (await lookAtQueues(db, stage)).map(queueLine)
    return { kind: 'text', title: `${TITLES[action]} · ${machinesInWords(machines)} at work`, lines }
  },
}

/** `processing: 1 running, 4 waiting, at most 2 on each machine, paused` */
function queueLine({ queue, running, waiting, concurrency, paused }: QueueStanding): string {
  const limit =
    concurrency === null
      ? "as many at once as each machine's settings say"
      : `at most ${concurrency} on each machine`
  return [`${queue}: ${running} running`, `${waiting} waiting`, limit, ...(paused ? ['paused'] : [])].join(
    ', ',
  )
}

function machinesInWords(count: number): string {
  if (count === 0) return 'no machine'
  return count === 1 ? '1 machine' : `${count} machines`
}
