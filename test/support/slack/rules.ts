// The small rules that blocks, elements and modals are checked by. Each breach is written as Slack writes it.

export type Json = Record<string, unknown>

/** Collects what is wrong, with its place. */
export type Wrong = (at: string, message: string) => void

export function collect(): { wrong: Wrong; messages: string[] } {
  const messages: string[] = []
  return { messages, wrong: (at, message) => messages.push(`${message} [json-pointer:${at}]`) }
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** No other fields than these. */
export function onlyHas(wrong: Wrong, at: string, object: Json, fields: string[]): void {
  for (const field of Object.keys(object))
    if (!fields.includes(field)) wrong(at, `invalid additional property: ${field}`)
}

export type Length = { max: number; min?: number; optional?: boolean }

export function string(wrong: Wrong, at: string, value: unknown, { max, min = 1, optional }: Length): void {
  if (value === undefined && optional) return
  if (value === undefined) return void wrong(at, 'missing required field')
  if (typeof value !== 'string') return void wrong(at, 'must be a string')
  if (value.length < min) wrong(at, `must be more than ${min - 1} characters`)
  if (value.length > max) wrong(at, `must be less than ${max + 1} characters`)
}

export function oneOf(wrong: Wrong, at: string, value: unknown, values: string[], optional = true): void {
  if (value === undefined && optional) return
  if (!values.includes(value as string)) wrong(at, `must be one of: ${values.join(', ')}`)
}

export function boolean(wrong: Wrong, at: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') wrong(at, 'must be a boolean')
}

/** An array within its limits; empty when it is none. */
export function list(
  wrong: Wrong,
  at: string,
  value: unknown,
  { max, min = 1 }: { max: number; min?: number },
): unknown[] {
  if (!Array.isArray(value)) {
    wrong(at, value === undefined ? 'missing required field' : 'must be an array')
    return []
  }
  if (value.length > max) wrong(at, `no more than ${max} items allowed`)
  if (value.length < min) wrong(at, `no fewer than ${min} items allowed`)
  return value
}

/** A text object. */
export function text(
  wrong: Wrong,
  at: string,
  value: unknown,
  { types = ['plain_text'], max, optional }: { types?: string[]; max: number; optional?: boolean },
): void {
  if (value === undefined && optional) return
  if (value === undefined) return void wrong(at, 'missing required field: text')
  if (!isObject(value)) return void wrong(at, 'must provide an object')
  if (!types.includes(value['type'] as string))
    return void wrong(`${at}/type`, `must be one of: ${types.join(', ')}`)
  const isPlain = value['type'] === 'plain_text'
  onlyHas(wrong, at, value, ['type', 'text', isPlain ? 'emoji' : 'verbatim'])
  boolean(wrong, `${at}/emoji`, value['emoji'])
  boolean(wrong, `${at}/verbatim`, value['verbatim'])
  string(wrong, `${at}/text`, value['text'], { max })
}

export const ANY_TEXT = ['plain_text', 'mrkdwn']

/** A link that Slack can fetch or open. */
export function link(wrong: Wrong, at: string, value: unknown, max = 3000): void {
  string(wrong, at, value, { max })
  if (typeof value === 'string' && !/^https?:\/\/[^\s/]+/.test(value)) wrong(at, 'must be a valid URL')
}

/** No two of them are the same. */
export function unique(wrong: Wrong, at: string, values: unknown[], name: string): void {
  const seen = new Set<unknown>()
  for (const value of values) {
    if (value === undefined) continue
    if (seen.has(value)) wrong(at, `${name} "${value}" already exists`)
    seen.add(value)
  }
}
