// The arguments of a request: query, form or JSON. What the SDKs write as JSON inside a form is decoded.
import { isObject, type Json } from './rules.ts'

const JSON_FIELDS = ['blocks', 'attachments', 'metadata', 'files', 'view', 'unfurls', 'file_ids']

export type Arguments = { args: Json; error?: string }

export async function argumentsOf(
  bytes: Buffer,
  contentType: string,
  query: URLSearchParams,
): Promise<Arguments> {
  const args: Json = Object.fromEntries(query)
  if (bytes.length === 0) return { args: decoded(args) }
  if (/^application\/json\b/i.test(contentType)) {
    const parsed = parse(bytes.toString('utf8'))
    return isObject(parsed) ? { args: decoded({ ...args, ...parsed }) } : { args, error: 'invalid_json' }
  }
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    const form = Object.fromEntries(new URLSearchParams(bytes.toString('utf8')))
    return { args: decoded({ ...args, ...form }) }
  }
  if (/^multipart\/form-data\b/i.test(contentType)) {
    const form = await formOf(bytes, contentType)
    return form
      ? { args: decoded({ ...args, ...Object.fromEntries(form) }) }
      : { args, error: 'invalid_form_data' }
  }
  return { args, error: contentType ? 'invalid_post_type' : 'missing_post_type' }
}

/** The file of an upload: the body itself, or the only file of a form. */
export async function uploadedBytes(bytes: Buffer, contentType: string): Promise<Buffer | undefined> {
  if (!/^multipart\/form-data\b/i.test(contentType)) return bytes
  const form = await formOf(bytes, contentType)
  const files = [...(form?.values() ?? [])].filter((one) => typeof one !== 'string')
  const [file] = files
  return file && files.length === 1 ? Buffer.from(await file.arrayBuffer()) : undefined
}

const formOf = (bytes: Buffer, contentType: string) =>
  new Response(new Uint8Array(bytes), { headers: { 'Content-Type': contentType } })
    .formData()
    .catch(() => undefined)

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decoded(args: Json): Json {
  for (const field of JSON_FIELDS) {
    const value = args[field]
    if (typeof value === 'string') args[field] = parse(value) ?? value
  }
  return args
}

/** A yes or no, as a form or JSON has it. */
export const flag = (value: unknown): boolean =>
  value === true || value === 'true' || value === '1' || value === 1
export const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ''
