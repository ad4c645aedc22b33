// Block Kit's blocks as messages and modals take them, and their limits.
import { randomBytes } from 'node:crypto'
import { element } from './elements.ts'
import { invalid, refusal } from './errors.ts'
import { richText } from './rich-text.ts'
import {
  ANY_TEXT,
  boolean,
  collect,
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

/** Where blocks are shown. */
export type Surface = { kind: 'message' | 'modal'; takesPlans: boolean }

const MOST = { message: 50, modal: 100 }
/** Where real Slack was seen to refuse all blocks of a message together. */
const LONGEST = 13_200
const LONGEST_MARKDOWN = 12_000

type Check = (wrong: Wrong, at: string, block: Json) => void

const elements: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'elements'])
  const all = list(wrong, `${at}/elements`, block['elements'], { max: 25 })
  all.forEach((one, n) => {
    element(wrong, `${at}/elements/${n}`, one, 'actions')
  })
  unique(
    wrong,
    `${at}/elements`,
    all.filter(isObject).map((one) => one['action_id']),
    'action_id',
  )
}

const section: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'text', 'fields', 'accessory', 'expand'])
  if (block['text'] === undefined && block['fields'] === undefined)
    return wrong(at, 'must define either `text` or `fields`')
  text(wrong, `${at}/text`, block['text'], { types: ANY_TEXT, max: 3000, optional: true })
  if (block['fields'] !== undefined)
    list(wrong, `${at}/fields`, block['fields'], { max: 10 }).forEach((one, n) => {
      text(wrong, `${at}/fields/${n}`, one, { types: ANY_TEXT, max: 2000 })
    })
  if (block['accessory'] !== undefined) element(wrong, `${at}/accessory`, block['accessory'], 'accessory')
  boolean(wrong, `${at}/expand`, block['expand'])
}

const context: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'elements'])
  list(wrong, `${at}/elements`, block['elements'], { max: 10 }).forEach((one, n) => {
    const place = `${at}/elements/${n}`
    if (isObject(one) && one['type'] === 'image') element(wrong, place, one, 'accessory')
    else text(wrong, place, one, { types: ANY_TEXT, max: 2000 })
  })
}

const image: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'image_url', 'slack_file', 'alt_text', 'title'])
  if (block['slack_file'] === undefined) link(wrong, `${at}/image_url`, block['image_url'])
  string(wrong, `${at}/alt_text`, block['alt_text'], { max: 2000 })
  text(wrong, `${at}/title`, block['title'], { max: 2000, optional: true })
}

const input: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'label', 'element', 'dispatch_action', 'hint', 'optional'])
  text(wrong, `${at}/label`, block['label'], { max: 2000 })
  text(wrong, `${at}/hint`, block['hint'], { max: 2000, optional: true })
  boolean(wrong, `${at}/optional`, block['optional'])
  element(wrong, `${at}/element`, block['element'], 'input')
}

const STATUSES = ['pending', 'in_progress', 'complete', 'error']
const taskCard: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, [
    'type',
    'block_id',
    'task_id',
    'title',
    'status',
    'details',
    'output',
    'sources',
  ])
  if (block['type'] !== 'task_card') wrong(`${at}/type`, 'must be task_card')
  string(wrong, `${at}/task_id`, block['task_id'], { max: 255 })
  string(wrong, `${at}/title`, block['title'], { max: 3000 })
  oneOf(wrong, `${at}/status`, block['status'], STATUSES, false)
  for (const field of ['details', 'output'])
    if (isObject(block[field])) richText(wrong, `${at}/${field}`, block[field])
    else if (block[field] !== undefined) wrong(`${at}/${field}`, 'must be a rich_text block')
}

const plan: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'title', 'tasks'])
  string(wrong, `${at}/title`, block['title'], { max: 3000 })
  const tasks = list(wrong, `${at}/tasks`, block['tasks'], { max: 50 })
  tasks.forEach((one, n) => {
    if (isObject(one)) taskCard(wrong, `${at}/tasks/${n}`, one)
    else wrong(`${at}/tasks/${n}`, 'must provide an object')
  })
  unique(
    wrong,
    `${at}/tasks`,
    tasks.filter(isObject).map((one) => one['task_id']),
    'task_id',
  )
}

const EVERYWHERE: Record<string, Check> = {
  actions: elements,
  context,
  divider: (wrong, at, block) => onlyHas(wrong, at, block, ['type', 'block_id']),
  header: (wrong, at, block) => {
    onlyHas(wrong, at, block, ['type', 'block_id', 'text', 'level'])
    text(wrong, `${at}/text`, block['text'], { max: 150 })
  },
  image,
  rich_text: richText,
  section,
}
const markdown: Check = (wrong, at, block) => {
  onlyHas(wrong, at, block, ['type', 'block_id', 'text'])
  string(wrong, `${at}/text`, block['text'], { max: LONGEST_MARKDOWN })
}
const checksFor = ({ kind, takesPlans }: Surface): Record<string, Check> => ({
  ...EVERYWHERE,
  ...(kind === 'modal' ? { input } : { markdown }),
  ...(takesPlans && kind === 'message' ? { plan, task_card: taskCard } : {}),
})

/** What is wrong with them, as Slack words it; empty when nothing is. */
export function wrongWithBlocks(blocks: unknown[], surface: Surface, at = '/blocks'): string[] {
  const { wrong, messages } = collect()
  const checks = checksFor(surface)
  if (blocks.length > MOST[surface.kind]) wrong(at, `no more than ${MOST[surface.kind]} items allowed`)
  for (const [n, block] of blocks.entries()) {
    const place = `${at}/${n}`
    const check = isObject(block) ? checks[String(block['type'])] : undefined
    if (!isObject(block)) wrong(place, 'must provide an object')
    else if (!check) wrong(`${place}/type`, `unsupported type: ${block['type']}`)
    else {
      string(wrong, `${place}/block_id`, block['block_id'], { max: 255, optional: true })
      check(wrong, place, block)
    }
  }
  const all = blocks.filter(isObject)
  unique(
    wrong,
    at,
    all.map((block) => block['block_id']),
    'block_id',
  )
  const types = new Set(all.map((block) => block['type']))
  if (types.has('plan') && types.has('task_card')) wrong(at, 'plan and task_card blocks cannot be mixed')
  const markdownLength = all
    .filter((block) => block['type'] === 'markdown')
    .reduce((sum, block) => sum + String(block['text']).length, 0)
  if (markdownLength > LONGEST_MARKDOWN)
    wrong(at, `markdown must be less than ${LONGEST_MARKDOWN + 1} characters`)
  return messages
}

/**
 * The blocks of a message, each with an id.
 * @throws invalid_blocks_format, invalid_blocks, msg_blocks_too_long
 */
export function messageBlocks(value: unknown, takesPlans: boolean): Json[] {
  if (!Array.isArray(value))
    throw invalid('invalid_blocks_format', ['must be an array [json-pointer:/blocks]'])
  const messages = wrongWithBlocks(value, { kind: 'message', takesPlans })
  if (messages.length > 0) throw invalid('invalid_blocks', messages)
  if (JSON.stringify(value).length > LONGEST) throw refusal('msg_blocks_too_long')
  return withIds(value)
}

/** Slack names blocks and elements that have no name of their own. */
export function withIds(blocks: Json[]): Json[] {
  const id = () => randomBytes(4).toString('base64url').slice(0, 5)
  const named = (one: unknown): unknown =>
    isObject(one) && one['type'] !== 'image' && !ANY_TEXT.includes(String(one['type']))
      ? { ...one, action_id: one['action_id'] ?? id() }
      : one
  return blocks.map((block) => ({
    ...block,
    block_id: block['block_id'] ?? id(),
    ...(block['type'] === 'actions' ? { elements: (block['elements'] as unknown[]).map(named) } : {}),
    ...(block['accessory'] ? { accessory: named(block['accessory']) } : {}),
    ...(block['type'] === 'input' ? { element: named(block['element']) } : {}),
  }))
}
