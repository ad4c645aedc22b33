// What a person fills into a modal, in the shape each kind of element sends. A client would not send what does not fit.
import { type FileWish, fileOfPerson, SlackFile } from './files.ts'
import { isObject, type Json } from './rules.ts'
import { fileShape } from './shapes.ts'
import type { View } from './views.ts'
import type { Workspace, World } from './world.ts'

export type Value = string | string[] | (SlackFile | FileWish)[]
export type Values = Record<string, Value>

/** state.values, by block and action. @throws for elements the view lacks, and for what cannot be sent */
export function stateOf(world: World, workspace: Workspace, view: View, values: Values): Json {
  const state: Json = {}
  const left = new Set(Object.keys(values))
  for (const block of view.blocks) {
    if (block['type'] !== 'input') continue
    const element = block['element'] as Json
    const id = String(element['action_id'])
    left.delete(id)
    const filled = fill(world, workspace, view, element, values[id])
    const isMissing = Object.entries(filled).every(
      ([key, value]) => key === 'type' || value === null || (Array.isArray(value) && value.length === 0),
    )
    if (isMissing && !block['optional']) throw new Error(`${id} must be filled in`)
    state[String(block['block_id'])] = { [id]: filled }
  }
  if (left.size > 0) throw new Error(`the view has no input for ${[...left].join(', ')}`)
  return state
}

function fill(world: World, workspace: Workspace, view: View, element: Json, value: Value | undefined): Json {
  const type = String(element['type'])
  const one = () => {
    if (Array.isArray(value)) throw new Error(`${element['action_id']} takes one value`)
    return value
  }
  const several = () => {
    if (value !== undefined && !Array.isArray(value))
      throw new Error(`${element['action_id']} takes an array`)
    return value
  }
  switch (type) {
    case 'plain_text_input': {
      const typed = one() ?? (element['initial_value'] as string | undefined) ?? ''
      const { min_length = 0, max_length = 3000 } = element as { min_length?: number; max_length?: number }
      if (typed && (typed.length < min_length || typed.length > max_length))
        throw new Error(`${element['action_id']}: ${typed.length} characters do not fit`)
      return { type, value: typed || null }
    }
    case 'static_select':
    case 'radio_buttons': {
      const chosen = one()
      const initial = (element['initial_option'] as Json | undefined) ?? null
      return { type, selected_option: chosen === undefined ? initial : optionOf(element, chosen) }
    }
    case 'external_select': {
      const chosen = one()
      const initial = (element['initial_option'] as Json | undefined) ?? null
      // What the app suggests is not asked for: the value stands for its own label.
      const option = { text: { type: 'plain_text', text: chosen, emoji: true }, value: chosen }
      return { type, selected_option: chosen === undefined ? initial : option }
    }
    case 'multi_static_select':
    case 'checkboxes': {
      const chosen = several()?.map((each) => optionOf(element, String(each)))
      const most = (element['max_selected_items'] as number | undefined) ?? Number.POSITIVE_INFINITY
      if ((chosen?.length ?? 0) > most) throw new Error(`${element['action_id']} takes at most ${most}`)
      return { type, selected_options: chosen ?? (element['initial_options'] as Json[] | undefined) ?? [] }
    }
    case 'users_select':
      return { type, selected_user: one() ?? element['initial_user'] ?? null }
    case 'channels_select':
      return { type, selected_channel: one() ?? element['initial_channel'] ?? null }
    case 'conversations_select':
      return { type, selected_conversation: one() ?? element['initial_conversation'] ?? null }
    case 'file_input':
      return { type, files: filesOf(world, workspace, view, element, several() ?? []) }
    default:
      throw new Error(`this server cannot fill in ${type}`)
  }
}

function optionOf(element: Json, value: string): Json {
  const found = (element['options'] as Json[]).find((option) => option['value'] === value)
  if (!found) throw new Error(`${element['action_id']} has no option ${value}`)
  return found
}

function filesOf(
  world: World,
  workspace: Workspace,
  view: View,
  element: Json,
  wishes: (string | SlackFile | FileWish)[],
): Json[] {
  const { filetypes, max_files = 10 } = element as { filetypes?: string[]; max_files?: number }
  if (wishes.length > max_files) throw new Error(`${element['action_id']} takes at most ${max_files} files`)
  return wishes.map((wish) => {
    if (!isObject(wish)) throw new Error(`${element['action_id']} takes files`)
    const file =
      wish instanceof SlackFile ? wish : fileOfPerson(world, workspace, view.user.id, wish as FileWish)
    if (filetypes && !filetypes.includes(file.filetype))
      throw new Error(`${element['action_id']} takes ${filetypes.join(', ')}, not ${file.name}`)
    file.givenToBot = true
    return fileShape(world, file)
  })
}
