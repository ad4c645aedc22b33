// What the app is told of an element of a message that a person has pressed or chosen in, and of the menus beside it.
import type { Message } from './channel.ts'
import { isObject, type Json } from './rules.ts'

/** An entry of `actions`. */
export function actionOf(message: Message, actionId: string, values: string[]): Json {
  for (const { block, element } of elementsOf(message)) {
    if (element['action_id'] !== actionId) continue
    const { type, text, value, style, options, placeholder } = element
    const common = { action_id: actionId, block_id: block['block_id'], type }
    if (type === 'button')
      return { ...common, text, ...(value === undefined ? {} : { value }), ...(style ? { style } : {}) }
    const chosen = ((options ?? []) as Json[]).filter((option) => values.includes(String(option['value'])))
    if (chosen.length !== values.length || chosen.length === 0)
      throw new Error(`${actionId} has no option ${values}`)
    const choice = takesMany(type) ? { selected_options: chosen } : { selected_option: chosen[0] }
    return { ...common, ...choice, ...(placeholder ? { placeholder } : {}) }
  }
  throw new Error(`the message has no element ${actionId}`)
}

/** `state.values`: what stands in each menu of the message, by block and action; buttons have no state. */
export function stateWith(message: Message, action: Json): Json {
  const state: Record<string, Json> = {}
  for (const { block, element } of elementsOf(message)) {
    const { type, action_id, initial_option, initial_options } = element
    if (type === 'button' || type === 'image' || type === 'overflow') continue
    const isIt = action['block_id'] === block['block_id'] && action['action_id'] === action_id
    const chosen = isIt
      ? { selected_option: action['selected_option'], selected_options: action['selected_options'] }
      : { selected_option: initial_option, selected_options: initial_options }
    const standing = takesMany(type)
      ? { selected_options: chosen.selected_options ?? [] }
      : { selected_option: chosen.selected_option ?? null }
    const id = String(block['block_id'])
    state[id] = { ...state[id], [String(action_id)]: { type, ...standing } }
  }
  return state
}

function takesMany(type: unknown): boolean {
  return String(type).startsWith('multi_') || type === 'checkboxes'
}

function elementsOf(message: Message): { block: Json; element: Json }[] {
  return message.blocks.flatMap((block) =>
    [...((block['elements'] as unknown[] | undefined) ?? []), block['accessory']]
      .filter(isObject)
      // Text and pictures stand in `elements` too.
      .filter((element) => element['action_id'] !== undefined)
      .map((element) => ({ block, element })),
  )
}
