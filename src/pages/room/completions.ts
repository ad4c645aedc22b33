// What the composer offers for what is being written. Pure.
import type { RoomCommand } from '../../chat/room/wire.ts'
import { type Composing, freeOption, type Span, takesFile, writtenOptions } from './composing.ts'

export type Completion = {
  label: string
  detail: string
  /** What the composer holds once it is chosen, and where the cursor stands. */
  text: string
  cursor: number
  /** Enter sends it at once. */
  sends: boolean
}

/** What the server can complete. */
export type Question = { command: string; option: string; text: string }

export type Completions = {
  items: Completion[]
  /** Whether Enter takes the first; otherwise one has to be picked. */
  isFirstChosen: boolean
  /** The command that is being written. */
  command: RoomCommand | null
  /** What the option that is being written is about. */
  help: string | null
  question: Question | null
}

const NONE: Completions = { items: [], isFirstChosen: false, command: null, help: null, question: null }

export function completionsFor(
  text: string,
  composing: Composing,
  commands: readonly RoomCommand[],
): Completions {
  if (composing.kind === 'words') return NONE
  if (composing.kind === 'link') return forLink(composing.link, commands)
  if (composing.kind === 'name') return forName(text, composing, commands)
  if (composing.kind === 'value') return forValue(text, composing)
  return forFreeWords(text, composing)
}

/** With what the server has answered to the question. */
export function withSuggestions(
  text: string,
  composing: Composing,
  completions: Completions,
  suggestions: readonly { label: string; value: string }[],
): Completions {
  if (composing.kind === 'value') {
    const { span, typed } = composing
    const items = suggestions.map(({ label, value }) => ({
      label,
      detail: '',
      // A list may go on with a comma.
      ...put(text, span, written(value), ''),
      sends: false,
    }))
    const isWhole = suggestions.some(({ value }) => written(value) === typed)
    return { ...completions, items, isFirstChosen: items.length > 0 && !isWhole }
  }
  if (composing.kind !== 'free') return completions
  const { command, wordSpan, runSpan } = composing
  const span = freeOption(command) ? runSpan : wordSpan
  const items = suggestions.map(({ label, value }) => ({
    label,
    detail: label === value ? '' : value,
    ...put(text, span, writtenFree(value), ' '),
    sends: false,
  }))
  return { ...completions, items: [...items, ...completions.items] }
}

function forLink(link: string, commands: readonly RoomCommand[]): Completions {
  const offers = [
    ['separate', 'Separate it'],
    ['analyze', 'Analyze it'],
  ].flatMap(([name, label]) => {
    const command = commands.find((one) => one.name === name)
    const text = `/${name} ${link}`
    return command && label ? [{ label, detail: `/${name}`, text, cursor: text.length, sends: true }] : []
  })
  if (offers.length === 0) return NONE
  const asWords = {
    label: 'Send it as a message',
    detail: '',
    text: link,
    cursor: link.length,
    sends: true,
  }
  return { ...NONE, items: [...offers, asWords], isFirstChosen: true }
}

function forName(
  text: string,
  { typed, span }: Composing & { kind: 'name' },
  commands: readonly RoomCommand[],
): Completions {
  const wanted = typed.toLowerCase()
  const starting = commands.filter(({ name }) => name.startsWith(wanted))
  const containing = commands.filter(({ name }) => !name.startsWith(wanted) && name.includes(wanted))
  const items = [...starting, ...containing].map((command) => ({
    label: `/${command.name}`,
    detail: command.description,
    ...put(text, span, `/${command.name}`, ' '),
    // A whole name that needs nothing more is not completed before it is sent.
    sends: command.name === wanted && freeOption(command) === undefined && text.trim() === `/${wanted}`,
  }))
  return { ...NONE, items, isFirstChosen: items.length > 0 }
}

function forValue(
  text: string,
  { command, option, typed, span }: Composing & { kind: 'value' },
): Completions {
  const wanted = typed.toLowerCase()
  const choices = option.choices.filter((choice) => choice.startsWith(wanted))
  return {
    items: choices.map((choice) => ({
      label: choice,
      detail: '',
      ...put(text, span, choice, ' '),
      sends: false,
    })),
    isFirstChosen: choices.length > 0 && !option.choices.includes(wanted),
    command,
    help: option.description,
    question: option.suggests ? { command: command.name, option: option.name, text: typed } : null,
  }
}

function forFreeWords(text: string, composing: Composing & { kind: 'free' }): Completions {
  const { command, word, wordSpan, run, given, freeWords } = composing
  const free = freeOption(command)
  const wanted = word.toLowerCase()
  const options = writtenOptions(command)
  // `/queue pause`: a choice is known by itself.
  const ofChoice = free ? [] : options.filter(({ name, type }) => type === 'choice' && !given.includes(name))
  const choices = ofChoice.flatMap((option) =>
    option.choices
      .filter((choice) => choice.startsWith(wanted) && !isWritten(text, wordSpan, choice))
      .map((choice) => ({
        label: choice,
        detail: option.name,
        ...put(text, wordSpan, choice, ' '),
        sends: false,
      })),
  )
  const isNeeded = free !== undefined && freeWords === 0
  /** What the word at the cursor is for, unless it turns out to be something else. */
  const ofPlace = free ?? options.find(({ name }) => !given.includes(name))
  const names = options
    .filter((option) => option !== ofPlace && !given.includes(option.name) && option.name.startsWith(wanted))
    .filter(({ type }) => free !== undefined || (type !== 'choice' && type !== 'integer') || freeWords > 0)
    .map(({ name, description }) => ({
      label: `${name}=`,
      detail: description,
      ...put(text, wordSpan, `${name}=`, ''),
      sends: false,
    }))
  const asks = ofPlace?.suggests && (!free || (!given.includes(free.name) && (isNeeded || run !== '')))
  return {
    items: [...choices, ...(isNeeded && takesFile(command) ? [] : names)],
    isFirstChosen: word !== '' && choices.length > 0 && !choices.some(({ label }) => label === wanted),
    command,
    help: isNeeded || !free ? (ofPlace?.description ?? null) : null,
    question: asks ? { command: command.name, option: ofPlace.name, text: free ? run : word } : null,
  }
}

/** The text with these words in place of the span. */
function put(
  text: string,
  { from, to }: Span,
  words: string,
  after: string,
): { text: string; cursor: number } {
  const rest = text.slice(to)
  const end = after && /^\s/.test(rest) ? '' : after
  const start = text.slice(0, from) + words + end
  return { text: start + rest, cursor: start.length + (after && end === '' ? 1 : 0) }
}

/** A value as it stands behind `name=`. */
function written(value: string): string {
  const list = value.replace(/,\s+/g, ',')
  return /\s/.test(list) ? `"${list.replaceAll('"', '')}"` : list
}

/** A song's words, which should not be read as options. */
function writtenFree(value: string): string {
  return /(^|\s)[\p{L}_][\p{L}\p{N}_-]*\s*=|(^|\s)--/u.test(value) ? `"${value.replaceAll('"', '')}"` : value
}

function isWritten(text: string, except: Span, choice: string): boolean {
  const others = `${text.slice(0, except.from)} ${text.slice(except.to)}`
  return others.split(/\s+/).includes(choice)
}
