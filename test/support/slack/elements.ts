// Block Kit's elements: buttons, menus and inputs, and their limits.
import {
  ANY_TEXT,
  boolean,
  isObject,
  type Json,
  link,
  list,
  oneOf,
  onlyHas,
  string,
  text,
  unique,
  type Wrong,
} from './rules.ts'

type Check = (wrong: Wrong, at: string, element: Json) => void

const COMMON = ['type', 'action_id', 'confirm', 'focus_on_load', 'placeholder']

function options(wrong: Wrong, at: string, element: Json, max: number, types: string[]) {
  const all = list(wrong, `${at}/options`, element['options'], { max })
  for (const [n, one] of all.entries()) {
    const place = `${at}/options/${n}`
    if (!isObject(one)) wrong(place, 'must provide an object')
    else {
      onlyHas(wrong, place, one, ['text', 'value', 'description', 'url'])
      text(wrong, `${place}/text`, one['text'], { types, max: 75 })
      string(wrong, `${place}/value`, one['value'], { max: 150 })
      text(wrong, `${place}/description`, one['description'], { types, max: 75, optional: true })
    }
  }
  const values = all.filter(isObject).map((one) => one['value'])
  unique(wrong, `${at}/options`, values, 'value')
}

/** What is chosen at first has to be one of the options, word for word. */
function initial(wrong: Wrong, at: string, element: Json, field: 'initial_option' | 'initial_options') {
  const chosen = element[field]
  if (chosen === undefined) return
  const all = (Array.isArray(element['options']) ? element['options'] : []).map((one) => JSON.stringify(one))
  for (const one of Array.isArray(chosen) ? chosen : [chosen])
    if (!all.includes(JSON.stringify(one))) wrong(`${at}/${field}`, 'must match one of the options')
}

const choice =
  (max: number, more: string[], texts = ['plain_text']): Check =>
  (wrong, at, element) => {
    onlyHas(wrong, at, element, [...COMMON, 'options', ...more])
    options(wrong, at, element, max, texts)
    for (const field of ['initial_option', 'initial_options'] as const) initial(wrong, at, element, field)
    if (more.includes('max_selected_items') && element['max_selected_items'] === 0)
      wrong(`${at}/max_selected_items`, 'must be greater than 0')
  }

const external =
  (more: string[]): Check =>
  (wrong, at, element) =>
    onlyHas(wrong, at, element, [...COMMON, 'min_query_length', ...more])

const plain =
  (more: string[]): Check =>
  (wrong, at, element) =>
    onlyHas(wrong, at, element, [...COMMON, ...more])

const button: Check = (wrong, at, element) => {
  onlyHas(wrong, at, element, [
    'type',
    'text',
    'action_id',
    'url',
    'value',
    'style',
    'confirm',
    'accessibility_label',
  ])
  text(wrong, `${at}/text`, element['text'], { max: 75 })
  string(wrong, `${at}/value`, element['value'], { max: 2000, optional: true })
  string(wrong, `${at}/accessibility_label`, element['accessibility_label'], { max: 75, optional: true })
  if (element['url'] !== undefined) link(wrong, `${at}/url`, element['url'])
  oneOf(wrong, `${at}/style`, element['style'], ['primary', 'danger'])
}

const image: Check = (wrong, at, element) => {
  onlyHas(wrong, at, element, ['type', 'image_url', 'alt_text', 'slack_file'])
  if (element['slack_file'] === undefined) link(wrong, `${at}/image_url`, element['image_url'])
  string(wrong, `${at}/alt_text`, element['alt_text'], { max: 2000 })
}

const plainTextInput: Check = (wrong, at, element) => {
  onlyHas(wrong, at, element, [
    ...COMMON,
    'initial_value',
    'multiline',
    'min_length',
    'max_length',
    'dispatch_action_config',
  ])
  const [least, most] = [element['min_length'] ?? 0, element['max_length'] ?? 3000].map(Number) as [
    number,
    number,
  ]
  if (!(least >= 0 && least <= 3000)) wrong(`${at}/min_length`, 'must be between 0 and 3000')
  if (!(most >= 1 && most <= 3000)) wrong(`${at}/max_length`, 'must be between 1 and 3000')
  if (least > most) wrong(`${at}/min_length`, 'must be less than max_length')
  string(wrong, `${at}/initial_value`, element['initial_value'], { max: most, min: 0, optional: true })
  boolean(wrong, `${at}/multiline`, element['multiline'])
}

const fileInput: Check = (wrong, at, element) => {
  onlyHas(wrong, at, element, ['type', 'action_id', 'filetypes', 'max_files'])
  const most = element['max_files'] ?? 10
  if (!(Number.isInteger(most) && Number(most) >= 1 && Number(most) <= 10))
    wrong(`${at}/max_files`, 'must be between 1 and 10')
  if (element['filetypes'] !== undefined)
    for (const type of list(wrong, `${at}/filetypes`, element['filetypes'], { max: 100 }))
      if (typeof type !== 'string' || !/^[a-z0-9]+$/.test(type))
        wrong(`${at}/filetypes`, `invalid filetype: ${type}`)
}

const MENUS: Record<string, Check> = {
  static_select: choice(100, ['initial_option']),
  multi_static_select: choice(100, ['initial_options', 'max_selected_items']),
  external_select: external(['initial_option']),
  multi_external_select: external(['initial_options', 'max_selected_items']),
  users_select: plain(['initial_user']),
  multi_users_select: plain(['initial_users', 'max_selected_items']),
  conversations_select: plain(['initial_conversation', 'default_to_current_conversation', 'filter']),
  channels_select: plain(['initial_channel']),
  radio_buttons: choice(10, ['initial_option'], ANY_TEXT),
  checkboxes: choice(10, ['initial_options'], ANY_TEXT),
  datepicker: plain(['initial_date']),
  timepicker: plain(['initial_time', 'timezone']),
}

/** Where each may be. */
export const ELEMENTS = {
  actions: { ...MENUS, button, overflow: choice(5, []) },
  accessory: { ...MENUS, button, image, overflow: choice(5, []) },
  input: { ...MENUS, plain_text_input: plainTextInput, file_input: fileInput },
} satisfies Record<string, Record<string, Check>>

export function element(wrong: Wrong, at: string, value: unknown, where: keyof typeof ELEMENTS): void {
  if (!isObject(value)) return void wrong(at, 'must provide an object')
  const type = String(value['type'])
  const check = (ELEMENTS[where] as Record<string, Check>)[type]
  if (!check) return void wrong(`${at}/type`, `unsupported type: ${type}`)
  check(wrong, at, value)
  if (type === 'image') return
  string(wrong, `${at}/action_id`, value['action_id'], { max: 255, optional: true })
  text(wrong, `${at}/placeholder`, value['placeholder'], { max: 150, optional: true })
  if (isObject(value['confirm'])) confirm(wrong, `${at}/confirm`, value['confirm'])
}

function confirm(wrong: Wrong, at: string, value: Json): void {
  onlyHas(wrong, at, value, ['title', 'text', 'confirm', 'deny', 'style'])
  text(wrong, `${at}/title`, value['title'], { max: 100, optional: true })
  text(wrong, `${at}/text`, value['text'], { types: ANY_TEXT, max: 300 })
  text(wrong, `${at}/confirm`, value['confirm'], { max: 30, optional: true })
  text(wrong, `${at}/deny`, value['deny'], { max: 30, optional: true })
  oneOf(wrong, `${at}/style`, value['style'], ['primary', 'danger'])
}
