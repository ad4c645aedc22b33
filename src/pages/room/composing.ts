// What is being written in the composer, by where the cursor stands. The server reads the whole when it is sent; this is for completing it. Pure.
import type { Option, RoomCommand } from '../../chat/room/wire.ts'

/** From where to where in the text. */
export type Span = { from: number; to: number }

export type Composing =
  | { kind: 'words' }
  /** Nothing but a link. */
  | { kind: 'link'; link: string }
  /** The name of a command. `typed` is without its slash. */
  | { kind: 'name'; typed: string; span: Span }
  /** A value behind `name=`. */
  | { kind: 'value'; command: RoomCommand; option: Option; typed: string; span: Span }
  /** A word of the command that belongs to no named option. */
  | {
      kind: 'free'
      command: RoomCommand
      /** The word that the cursor stands in, up to it; empty between words. */
      word: string
      wordSpan: Span
      /** All free words next to each other around the cursor. */
      run: string
      runSpan: Span
      /** Names of the options that are written already, by name or in their place. */
      given: string[]
      /** How many free words the whole command has. */
      freeWords: number
    }

type Word = Span & { text: string }

const NAMED = /^([\p{L}_][\p{L}\p{N}_-]*)=/u
const LINK = /^(https?:\/\/|spotify:)[^\s"<>]+$/i

export function readComposer(text: string, cursor: number, commands: readonly RoomCommand[]): Composing {
  const trimmed = text.trim()
  if (LINK.test(trimmed)) return { kind: 'link', link: trimmed }
  const [name, ...words] = wordsIn(text)
  if (name?.from !== 0 || !name.text.startsWith('/') || text.includes('\n')) return { kind: 'words' }
  if (cursor <= name.to) {
    return { kind: 'name', typed: name.text.slice(1, Math.max(1, cursor)), span: { from: 0, to: name.to } }
  }
  const command = commandOf(text, commands)
  return command ? readOptions(command, words, cursor) : { kind: 'words' }
}

/** The command that a text begins with, whole. */
export function commandOf(text: string, commands: readonly RoomCommand[]): RoomCommand | undefined {
  const name = /^\/(\S+)/.exec(text)?.[1]?.toLowerCase()
  return commands.find((command) => command.name === name)
}

/** `/wrong NUMBER`, and behind it what stands there already, as a link that was pasted; but not the same command once more. */
export function wrongCommand(number: number, text: string): string {
  return `/wrong ${number} ${text.trimStart().replace(/^\/wrong(\s+\d+)?(\s+|$)/, '')}`
}

export function takesFile({ options }: RoomCommand): boolean {
  return options.some(({ type }) => type === 'file')
}

/** What free words are for; undefined where each word finds its own option. */
export function freeOption({ options }: RoomCommand): Option | undefined {
  return options[0]?.type === 'text' ? options[0] : undefined
}

/** Options that are written by name. */
export function writtenOptions({ options }: RoomCommand): Option[] {
  return options.filter(({ type }) => type !== 'file')
}

function readOptions(command: RoomCommand, words: Word[], cursor: number): Composing {
  const options = writtenOptions(command)
  const owners = ownersOf(words, options)
  const at = words.findIndex(({ from, to }) => from < cursor && cursor <= to)
  // Between words a list goes on where it ended in a comma.
  const place = at >= 0 ? at : words.findLastIndex(({ to }) => to < cursor)
  const owner = owners[place]
  const goesOn = at >= 0 || words[place]?.text.endsWith(',')
  if (owner && goesOn) {
    const first = owners.indexOf(owner)
    const { from, text } = words[first] as Word
    const start = from + (NAMED.exec(text)?.[0].length ?? 0)
    const to = at >= 0 ? (words[at] as Word).to : cursor
    if (cursor >= start) {
      const typed = words
        .slice(first, place + 1)
        .map((word) => word.text.slice(0, Math.max(0, cursor - word.from)))
        .join('')
        .slice(start - from)
      return { kind: 'value', command, option: owner, typed, span: { from: start, to } }
    }
  }
  return readFree(command, words, owners, at, cursor)
}

function readFree(
  command: RoomCommand,
  words: Word[],
  owners: (Option | null)[],
  at: number,
  cursor: number,
): Composing {
  const here = words[at]
  const wordSpan = here ? { from: here.from, to: here.to } : { from: cursor, to: cursor }
  let first = at >= 0 ? at : words.filter(({ to }) => to < cursor).length
  let end = at >= 0 ? at + 1 : first
  while (first > 0 && owners[first - 1] === null) first--
  while (end < words.length && owners[end] === null) end++
  const run = words.slice(first, end)
  const runSpan = { from: run[0]?.from ?? cursor, to: run.at(-1)?.to ?? cursor }
  const named = new Set(owners.flatMap((owner) => owner?.name ?? []))
  const others = words.filter((_, index) => owners[index] === null && index !== at)
  return {
    kind: 'free',
    command,
    word: here ? here.text.slice(0, cursor - here.from) : '',
    wordSpan,
    run: run.map(({ text }) => text).join(' '),
    runSpan: { from: Math.min(runSpan.from, cursor), to: Math.max(runSpan.to, cursor) },
    given: freeOption(command) ? [...named] : withPlaces(named, others, writtenOptions(command)),
    freeWords: owners.filter((owner) => owner === null).length,
  }
}

/** With the options that free words are values of: each is of the first that takes it, as the server reads them. */
function withPlaces(named: Iterable<string>, words: Word[], options: Option[]): string[] {
  const given = new Set(named)
  for (const { text } of words) {
    const option = options.find((one) => !given.has(one.name) && takes(one, text))
    if (option) given.add(option.name)
  }
  return [...given]
}

function takes({ type, choices }: Option, word: string): boolean {
  if (type === 'integer') return /^#?\d+$/.test(word)
  return type !== 'choice' || choices.includes(word.toLowerCase())
}

/** The option that each word is a value of; null for free words. */
function ownersOf(words: Word[], options: Option[]): (Option | null)[] {
  const owners: (Option | null)[] = []
  for (const [index, { text }] of words.entries()) {
    const name = NAMED.exec(text)?.[1]?.toLowerCase()
    const named = options.find((option) => option.name === name)
    const before = words[index - 1]?.text.endsWith(',') ? owners[index - 1] : null
    owners.push(named ?? before ?? null)
  }
  return owners
}

/** Words in quotes are one. */
function wordsIn(text: string): Word[] {
  return [...text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }))
}
