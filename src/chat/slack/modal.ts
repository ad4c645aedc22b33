// A command as a form, made from its definition, within Slack's limits. Pure.
import type { ViewsOpenArguments } from '@slack/web-api'
import type { Command, Suggestion } from '../../../commands/command.ts'
import { inLine } from '../../../commands/lines.ts'
import { describeOptions, type Option } from '../../../commands/options.ts'

export type ModalView = Extract<ViewsOpenArguments['view'], { type: 'modal' }>
type InputBlock = Extract<ModalView['blocks'][number], { type: 'input' }>
type Element = InputBlock['element']

const LONGEST = { title: 24, label: 2000, hint: 2000, text: 3000, choice: 75, value: 75, metadata: 3000 }
const MOST = { checkboxes: 10, choices: 100 }
/** Those that Slack has a name for; what else ffmpeg reads comes by link. */
const AUDIO_TYPES = ['mp3', 'm4a', 'wav', 'flac', 'ogg', 'aac', 'aiff', 'wma', 'mp4', 'mov', 'webm']

export type ModalWishes = {
  /** What stands above the form and on its button, where that is not the command's name. */
  title?: string
  submit?: string
  /** Options that are not asked for, as their values are known. */
  known?: readonly string[]
  /** What may be chosen for an option, by its name. */
  suggestions?: Record<string, Suggestion[]>
  /** What is filled in already, as people write it. */
  values?: Record<string, unknown>
  /** Comes back with what was filled in; at most 3000 characters. */
  privateMetadata?: string
}

export function modalOf(
  command: Command,
  { title, submit, known = [], suggestions = {}, values = {}, privateMetadata = '' }: ModalWishes = {},
): ModalView {
  if (privateMetadata.length > LONGEST.metadata)
    throw new Error(`${command.name}: too much goes with the form`)
  const name = capitalised(command.name)
  const options = describeOptions(command).filter(({ name }) => !known.includes(name))
  const song = options.find(({ type }) => type === 'text')
  return {
    type: 'modal',
    callback_id: command.name,
    title: plain(title ?? name, LONGEST.title),
    submit: plain(submit ?? name, LONGEST.title),
    private_metadata: privateMetadata,
    blocks: options.map((option): InputBlock => {
      // The song is always free words.
      const choices = option === song ? [] : (suggestions[option.name] ?? [])
      const value = values[option.name]
      return {
        type: 'input',
        block_id: option.name,
        label: plain(capitalised(option.name), LONGEST.label),
        ...(hintOf(option) ? { hint: plain(hintOf(option), LONGEST.hint) } : {}),
        optional: !option.required,
        element: elementOf(option, choices, value === undefined || value === null ? '' : String(value)),
      }
    }),
  }
}

function elementOf(option: Option, suggestions: Suggestion[], value: string): Element {
  const action_id = option.name
  switch (option.type) {
    case 'file':
      return { type: 'file_input', action_id, filetypes: AUDIO_TYPES, max_files: 1 }
    case 'integer':
      return {
        type: 'number_input',
        action_id,
        is_decimal_allowed: false,
        ...(option.min === null ? {} : { min_value: String(option.min) }),
        ...(option.max === null ? {} : { max_value: String(option.max) }),
        ...(isNumberWithin(option, value) ? { initial_value: value } : {}),
      }
    case 'choice':
      return selectOf(action_id, option.choices.map(choiceOf), value || option.default)
    case 'text':
      if (option.list.length > 0 && option.list.length <= MOST.checkboxes)
        return checkboxesOf(action_id, option.list, value)
      if (suggestions.length > 0)
        return selectOf(action_id, suggestedChoices(suggestions, value), value || null)
      return textOf(option, value)
  }
}

function textOf({ name, minLength, maxLength }: Option, value: string): Element {
  const longest = Math.min(maxLength ?? LONGEST.text, LONGEST.text)
  return {
    type: 'plain_text_input',
    action_id: name,
    max_length: longest,
    ...(minLength === null ? {} : { min_length: Math.min(minLength, longest) }),
    // A part of it would be something else.
    ...(value && value.length <= longest ? { initial_value: value } : {}),
  }
}

function checkboxesOf(action_id: string, list: string[], value: string): Element {
  const chosen = new Set(value.split(',').map((name) => name.trim().toLowerCase()))
  const options = list.map(choiceOf)
  const initial = options.filter((choice) => chosen.has(choice.value))
  return {
    type: 'checkboxes',
    action_id,
    options,
    // Slack takes no empty list of them.
    ...(initial.length > 0 ? { initial_options: initial } : {}),
  }
}

/** What a choice does not show by itself. */
function hintOf({ type, list, description }: Option): string {
  if (list.length > 0) return 'All, where none is chosen'
  return type === 'choice' ? '' : description
}

type Choice = { text: { type: 'plain_text'; text: string; emoji: boolean }; value: string }

function selectOf(action_id: string, choices: Choice[], value: string | null): Element {
  const options = choices.slice(0, MOST.choices)
  const initial = options.find((choice) => choice.value === value)
  return { type: 'static_select', action_id, options, ...(initial ? { initial_option: initial } : {}) }
}

/** What is filled in already stays, suggested or not. */
function suggestedChoices(suggestions: Suggestion[], value: string): Choice[] {
  const known = suggestions.some((one) => one.value === value)
  const all = value && !known ? [{ label: value, value }, ...suggestions] : suggestions
  return all
    .filter((one, index) => all.findIndex((other) => other.value === one.value) === index)
    .filter((one) => one.value && one.value.length <= LONGEST.value)
    .map((one) => ({ text: plain(one.label || one.value, LONGEST.choice), value: one.value }))
}

function choiceOf(name: string): Choice {
  return { text: plain(name, LONGEST.choice), value: name }
}

function isNumberWithin({ min, max }: Option, value: string): boolean {
  return /^\d{1,15}$/.test(value) && Number(value) >= (min ?? 0) && Number(value) <= (max ?? Infinity)
}

function plain(text: string, longest: number): Choice['text'] {
  return { type: 'plain_text', text: inLine(text, longest), emoji: false }
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
