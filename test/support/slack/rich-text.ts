// rich_text blocks: sections, lists, quotes and preformatted text, and what may stand in them.
import { isObject, type Json, link, list, oneOf, onlyHas, string, type Wrong } from './rules.ts'

const INNER: Record<string, { required: string[]; optional: string[] }> = {
  text: { required: ['text'], optional: ['style'] },
  link: { required: ['url'], optional: ['text', 'unsafe', 'style'] },
  user: { required: ['user_id'], optional: ['style'] },
  usergroup: { required: ['usergroup_id'], optional: ['style'] },
  channel: { required: ['channel_id'], optional: ['style'] },
  emoji: { required: ['name'], optional: ['unicode', 'style'] },
  broadcast: { required: ['range'], optional: ['style'] },
  date: { required: ['timestamp', 'format'], optional: ['url', 'fallback', 'style'] },
  color: { required: ['value'], optional: ['style'] },
}
const OUTER: Record<string, string[]> = {
  rich_text_section: [],
  rich_text_quote: ['border'],
  rich_text_preformatted: ['border', 'language'],
  rich_text_list: ['style', 'indent', 'offset', 'border'],
}

export function richText(wrong: Wrong, at: string, block: Json): void {
  onlyHas(wrong, at, block, ['type', 'block_id', 'elements'])
  if (block['type'] !== 'rich_text') wrong(`${at}/type`, 'must be rich_text')
  for (const [n, one] of list(wrong, `${at}/elements`, block['elements'], { max: 1000, min: 0 }).entries())
    outer(wrong, `${at}/elements/${n}`, one)
}

function outer(wrong: Wrong, at: string, value: unknown): void {
  if (!isObject(value)) return void wrong(at, 'must provide an object')
  const type = String(value['type'])
  const fields = OUTER[type]
  if (!fields) return void wrong(`${at}/type`, `unsupported type: ${type}`)
  onlyHas(wrong, at, value, ['type', 'elements', ...fields])
  if (type === 'rich_text_list') oneOf(wrong, `${at}/style`, value['style'], ['bullet', 'ordered'], false)
  for (const [n, one] of list(wrong, `${at}/elements`, value['elements'], { max: 1000, min: 0 }).entries()) {
    const place = `${at}/elements/${n}`
    if (type !== 'rich_text_list') inner(wrong, place, one)
    else if (isObject(one) && one['type'] === 'rich_text_section') outer(wrong, place, one)
    else wrong(place, 'must be a rich_text_section')
  }
}

function inner(wrong: Wrong, at: string, value: unknown): void {
  if (!isObject(value)) return void wrong(at, 'must provide an object')
  const type = String(value['type'])
  const fields = INNER[type]
  if (!fields) return void wrong(`${at}/type`, `unsupported type: ${type}`)
  onlyHas(wrong, at, value, ['type', ...fields.required, ...fields.optional])
  for (const field of fields.required)
    if (value[field] === undefined) wrong(at, `missing required field: ${field}`)
  if (type === 'text') string(wrong, `${at}/text`, value['text'], { max: 40_000 })
  if (type === 'link') link(wrong, `${at}/url`, value['url'])
  const { style } = value
  if (style !== undefined && !isObject(style)) wrong(`${at}/style`, 'must provide an object')
  else if (style)
    onlyHas(wrong, `${at}/style`, style, ['bold', 'italic', 'strike', 'code', 'underline', 'highlight'])
}
