// The command line of `queue`, made from the command's definition.
import { parseArgs } from 'node:util'
import { describeOptions, parseOptions } from '../../../commands/options.ts'
import { type QueueOptions, queue } from '../../../commands/queue.ts'
import { UserError } from '../../errors.ts'

export type QueueArguments = {
  options: QueueOptions
  json: boolean
  /** How long a drain may take. */
  waitSeconds: number
}

const WAIT_SECONDS = 1800
const NAMES = describeOptions(queue).map(({ name }) => name)

export function queueUsage(): string {
  const rows = [
    ...describeOptions(queue).map(({ name, description }) => [name, description]),
    ['--wait …', `for drain: how many seconds what runs may take to end (${WAIT_SECONDS})`],
    ['--json', 'JSON lines'],
  ]
  const example = 'npm run queue -- scale processing 4'
  return [
    `npm run queue -- ${NAMES.map((name) => `[${name}]`).join(' ')}, as in ${example}`,
    '',
    queue.description,
    '',
    ...rows.map(([name, text]) => `  ${name?.padEnd(10)} ${text}`),
    '',
    'drain waits until nothing runs: exit code 0 then, 1 where something still ran, 130 after Ctrl-C. It stays in force until resume.',
  ].join('\n')
}

/** @throws UserError `bad_usage` */
export function parseQueueArguments(argv: string[]): QueueArguments {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(argv)
  } catch (error) {
    throw new UserError('bad_usage', `${(error as Error).message.split('\n')[0]}`)
  }
  const { positionals, values } = parsed
  if (positionals.length > NAMES.length)
    throw new UserError('bad_usage', `Give no more than ${NAMES.join(', ')}.`)
  const given = Object.fromEntries(positionals.map((value, index) => [NAMES[index], value]))
  const options = parseOptions(queue, given)
  if (values.wait !== undefined && options.action !== 'drain')
    throw new UserError('bad_usage', 'wait: it goes with drain alone.')
  return { options, json: values.json === true, waitSeconds: readWait(values.wait) }
}

function readWait(wait: string | undefined): number {
  if (wait === undefined) return WAIT_SECONDS
  if (!/^\d{1,6}$/.test(wait))
    throw new UserError('bad_usage', 'wait: give a number of seconds, as in --wait 600.')
  return Number(wait)
}

function parse(argv: string[]) {
  return parseArgs({
    args: argv,
    allowPositionals: true,
    options: { wait: { type: 'string' }, json: { type: 'boolean' } },
  })
}
