// What stands behind a slash -> which command, with which values, where all of it is text. Takes what people and their phones type. Pure.
import type { Command } from '../../commands/command.ts'
import { describeOptions, type Option, parseOptions } from '../../commands/options.ts'
import { looksLikeLink } from '../domain/link.ts'
import { UserError } from '../errors.ts'
import { type Word, wordsIn } from './words.ts'

const HELP = 'help'
/** The command that is meant where none is named. */
export const MAIN_COMMAND = 'separate'

/** @throws when there is none */
export function mainCommand(commands: readonly Command[]): Command {
  const main = commands.find(({ name }) => name === MAIN_COMMAND)
  if (!main) throw new Error(`there is no command ${MAIN_COMMAND}`)
  return main
}

export type CommandText = {
  command: Command
  /** As they were written, for `parseOptions`. */
  values: Record<string, unknown>
  /** The command is about a song, and none is named: to be asked for, with these values. */
  isBare: boolean
}

/** What a word says of an option. `rest`: what follows the sign in the same word; null where there is no sign. */
type Naming = { name: string; option: Option | undefined; sign: '=' | ':' | null; rest: string | null }

/**
 * @returns `nothing` when nothing is written
 * @throws UserError `bad_usage`
 */
export function parseCommandText(commands: readonly Command[], text: string): CommandText | 'nothing' {
  const words = wordsIn(text)
  if (words.every(({ text }) => text === '')) return 'nothing'
  const [first, ...rest] = words
  const named = first?.isQuoted ? undefined : commandNamed(commands, first?.text ?? '')
  if (named && songOption(named)) return readSong(named, rest)
  if (named && fits(named, rest)) return readPlaces(named, rest)
  // `help cancel`: help tells of all of them.
  if (named?.name === HELP && rest.length === 1 && commandNamed(commands, rest[0]?.text ?? ''))
    return readPlaces(named, [])
  return readSong(mainCommand(commands), words)
}

function commandNamed(commands: readonly Command[], word: string): Command | undefined {
  const name = word.toLowerCase().replace(/^\//, '')
  return commands.find((command) => command.name === name)
}

function optionsOf(command: Command): Option[] {
  return describeOptions(command).filter(({ type }) => type !== 'file')
}

/** The option that free words are for. */
function songOption(command: Command): Option | undefined {
  const [first] = optionsOf(command)
  return first?.type === 'text' ? first : undefined
}

/** Whether the words behind the name of a command are its own: `status 12` is, `status quo` is a song. */
function fits(command: Command, words: Word[]): boolean {
  const options = optionsOf(command)
  const [first] = words
  if (!first) return true
  return namingAt(words, 0, options)?.option !== undefined || options.some((option) => accepts(option, first))
}

/** A command without a song: each word is of the first option that takes it and has no value yet. */
function readPlaces(command: Command, words: Word[]): CommandText {
  const options = optionsOf(command)
  const values = new Values(command)
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word
    const naming = namingAt(words, at, options)
    if (naming) {
      at = readValue(words, at, naming, options, values)
      continue
    }
    const option = options.find((one) => !values.has(one.name) && accepts(one, word))
    if (!option) {
      const known = options.map(({ name }) => name).join(', ')
      throw new UserError(
        'bad_usage',
        `${command.name} takes no more than ${known}: put the words of a song in quotes.`,
      )
    }
    values.give(option.name, option, word.text)
  }
  return { command, values: values.all(), isBare: false }
}

/** A command about a song: what is no option is of the song, in its order. */
function readSong(command: Command, words: Word[]): CommandText {
  const song = songOption(command)
  if (!song) throw new Error(`${command.name} takes no song`)
  const options = optionsOf(command)
  const values = new Values(command)
  const spoken: string[] = []
  let isNamed = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word
    const naming = namingAt(words, at, options)
    if (naming?.option?.name === song.name) {
      const isFirst = !isNamed && spoken.length === 0
      if (isFirst) {
        // All words after it are of the song, as those without a name are.
        isNamed = true
        const sign = naming.sign === null && isSign(words[at + 1])
        if (sign) at++
        spoken.push(sign ? (words[at]?.text.slice(1) ?? '') : (naming.rest ?? ''))
        continue
      }
      if (naming.sign === '=' || naming.sign === null) throw givenTwice(song.name)
    } else if (naming) {
      at = readValue(words, at, naming, options, values)
      continue
    }
    // `Love song: live` has a song's name in it.
    spoken.push(word.text)
  }
  const text = spoken.filter(Boolean).join(' ')
  const isBare = text === ''
  const all = isBare ? values.all() : { [song.name]: text, ...values.all() }
  // Who is asked for the song should not hear of the rest afterwards.
  if (isBare) parseOptions(command, all)
  return { command, values: all, isBare }
}

const NAMED = /^(--|[—–])?([\p{L}_][\p{L}\p{N}_-]*)(?:([=:])([\s\S]*))?$/u

/** What the word says of an option; undefined where it is a word of the song. */
function namingAt(words: Word[], at: number, options: Option[]): Naming | undefined {
  const word = words[at]
  if (!word || word.isQuoted || looksLikeLink(word.text)) return undefined
  const [, dash, written, sign = null, rest = null] = NAMED.exec(word.text) ?? []
  if (written === undefined) return undefined
  const option = options.find(({ name }) => name === written.toLowerCase())
  const isName =
    sign === '=' || dash === '--' || (option !== undefined && (sign === ':' || dash || isSign(words[at + 1])))
  if (!isName) return undefined
  return { name: option?.name ?? written, option, sign: sign as Naming['sign'], rest }
}

/** An equals sign that stands apart from the name. */
function isSign(word: Word | undefined): boolean {
  return word !== undefined && !word.isQuoted && word.text.startsWith('=')
}

/**
 * Reads the value that was named at `at`.
 * @returns the place of its last word
 * @throws UserError `bad_usage`
 */
function readValue(
  words: Word[],
  at: number,
  { name, option, sign, rest }: Naming,
  options: Option[],
  values: Values,
): number {
  if (!option) values.refuse(name)
  if (option && values.has(name)) throw givenTwice(name)
  let last = at
  let value = rest ?? ''
  if (sign === null && isSign(words[last + 1])) value = words[++last]?.text.slice(1) ?? ''
  const isThere = (place: number) => words[place] !== undefined && !namingAt(words, place, options)
  if (value === '') {
    if (!isThere(last + 1))
      throw new UserError('bad_usage', `${name}: give it a value, as in ${name}=${exampleOf(option)}.`)
    value = words[++last]?.text ?? ''
  }
  const parts = [value]
  // `vocals , drums`
  const goesOn = () => {
    const next = words[last + 1]
    if (!next || next.isQuoted || looksLikeLink(next.text) || !isThere(last + 1)) return false
    return parts.at(-1)?.endsWith(',') || next.text.startsWith(',')
  }
  if (option?.list.length) while (goesOn()) parts.push(words[++last]?.text ?? '')
  values.give(name, option, parts.join(' '))
  return last
}

function accepts({ type, choices }: Option, { text, isQuoted }: Word): boolean {
  if (type === 'text') return true
  if (isQuoted) return false
  if (type === 'integer') return /^#?\d+$/.test(text)
  return type === 'choice' && choices.includes(text.toLowerCase())
}

function exampleOf(option: Option | undefined): string {
  return option?.list[0] ?? option?.choices[0] ?? (option?.type === 'integer' ? '12' : 'auto')
}

function givenTwice(name: string): UserError {
  return new UserError('bad_usage', `${name}: it is given twice, give it once.`)
}

/** What was given by name so far. */
class Values {
  private readonly given = new Map<string, string>()
  private readonly command: Command
  constructor(command: Command) {
    this.command = command
  }

  has(name: string): boolean {
    return this.given.has(name)
  }

  give(name: string, option: Option | undefined, value: string): void {
    const choice = option?.choices.find((one) => one === value.toLowerCase())
    this.given.set(name, choice ?? value)
  }

  /** In the words of `parseOptions`. */
  refuse(name: string): void {
    parseOptions(this.command, { [name]: '' })
  }

  all(): Record<string, unknown> {
    return Object.fromEntries(this.given)
  }
}
