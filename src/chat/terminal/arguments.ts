// The command line of `separate`, made from the command's definition.
import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { describeOptions, parseOptions } from '../../../commands/options.ts'
import { separate, type separateOptions } from '../../../commands/separate.ts'
import { UserError } from '../../errors.ts'

export type SeparateArguments = {
  song: string
  options: z.infer<typeof separateOptions>
  outDir: string
  json: boolean
  /** Which of the recordings to choose among, from 1 on. */
  pick: number | null
}

/** The song itself, or its file, needs no name here. */
const OPTIONS = describeOptions(separate).filter(({ name, type }) => name !== 'song' && type !== 'file')

export function separateUsage(): string {
  const rows = OPTIONS.map(({ name, description }) => [`--${name} …`, description])
  rows.push(
    ['--out …', 'the folder that gets the stems (stems)'],
    ['--pick …', 'which recording, where there are several'],
    ['--json', 'events as JSON lines'],
  )
  const help = rows.map(([option, text]) => `  ${option?.padEnd(12)} ${text}`)
  return [
    `npm run separate -- [options] <file, link, or artist and title>`,
    '',
    separate.description,
    '',
    ...help,
  ].join('\n')
}

/** @throws UserError `bad_usage` */
export function parseSeparateArguments(argv: string[]): SeparateArguments {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(argv)
  } catch (error) {
    throw new UserError('bad_usage', `${(error as Error).message.split('\n')[0]}`)
  }
  const [song, ...more] = parsed.positionals
  if (!song) throw new UserError('bad_usage', 'Give a file, a link, or the artist and the title.')
  if (more.length > 0)
    throw new UserError('bad_usage', 'Give one song at a time; put a name with spaces in quotes.')
  const { out, json, pick, ...given } = parsed.values
  const options = parseOptions(separate, given)
  return { song, options, outDir: String(out ?? 'stems'), json: json === true, pick: readPick(pick) }
}

function readPick(pick: string | boolean | undefined): number | null {
  if (pick === undefined) return null
  if (!/^[1-9]\d?$/.test(String(pick)))
    throw new UserError('bad_usage', 'pick: give the number of one of the recordings, as in --pick 1.')
  return Number(pick)
}

function parse(argv: string[]) {
  const options = Object.fromEntries(OPTIONS.map(({ name }) => [name, { type: 'string' as const }]))
  return parseArgs({
    args: argv,
    allowPositionals: true,
    options: { ...options, out: { type: 'string' }, pick: { type: 'string' }, json: { type: 'boolean' } },
  })
}
