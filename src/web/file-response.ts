// A file of the store, or a stretch of one, as an answer: by ranges, with its ETag, read no faster than it is taken.
import type { StoredFile, Stretch } from '../files/files.ts'
import type { WebContext } from './app.ts'

export type Served = {
  type: string
  cacheControl: string
  /** The name that it is saved under; without one it is shown or played where it is. */
  saveAs?: string
  /** Of the file, what is served; all of it where none is given. */
  stretch?: Stretch
}

/** @param file stays as it is: whoever makes another one gives it another name */
export function fileResponse(
  context: WebContext,
  file: StoredFile,
  { type, cacheControl, saveAs, stretch = { from: 0, bytes: file.bytes } }: Served,
): Response {
  const entity = { ...stretch, modified: file.modified, etag: etagOf(file, stretch) }
  const headers: Record<string, string> = {
    ETag: entity.etag,
    'Last-Modified': entity.modified.toUTCString(),
    'Cache-Control': cacheControl,
    'Accept-Ranges': 'bytes',
  }
  if (isKnown(context, entity)) return new Response(null, { status: 304, headers })
  const isHead = context.req.method === 'HEAD'
  const range = isHead ? 'whole' : rangeOf(context, entity)
  if (range === 'beyond') {
    const beyond = { 'Content-Range': `bytes */${entity.bytes}`, 'Cache-Control': 'private, no-store' }
    return new Response(null, { status: 416, headers: { ...headers, ...beyond } })
  }
  const { first, last } = range === 'whole' ? { first: 0, last: entity.bytes - 1 } : range
  const bytes = last - first + 1
  headers['Content-Type'] = type
  headers['Content-Length'] = String(bytes)
  if (range !== 'whole') headers['Content-Range'] = `bytes ${first}-${last}/${entity.bytes}`
  if (saveAs !== undefined) headers['Content-Disposition'] = attachment(saveAs)
  const isEmpty = isHead || bytes === 0
  // What is read whole is checked.
  const asked = bytes === file.bytes ? undefined : { from: entity.from + first, bytes }
  const body = isEmpty ? null : bodyOf(context, file.read(asked))
  return new Response(body, { status: range === 'whole' ? 200 : 206, headers })
}

type Entity = Stretch & { modified: Date; etag: string }

function etagOf({ bytes, modified }: StoredFile, { from }: Stretch): string {
  return `"${[bytes, modified.getTime(), from].map((number) => number.toString(36)).join('-')}"`
}

/** Nothing is opened before the first byte is asked for, and what is open is closed when nobody wants the rest. */
export function bodyOf(context: WebContext, chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(cutOff(context, chunks)) as ReadableStream<Uint8Array>
}

/** What breaks in the middle is cut off, so that nobody takes it for whole. */
async function* cutOff(
  { env, var: { log } }: WebContext,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    log.warn({ err: error }, 'an answer broke off')
    env.outgoing.destroy()
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110.html#section-13.2.2 */
function isKnown({ req }: WebContext, { etag, modified }: Entity): boolean {
  const tags = req.header('If-None-Match')
  if (tags !== undefined) {
    const known = tags.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    return known.includes(etag) || known.includes('*')
  }
  const since = Date.parse(req.header('If-Modified-Since') ?? '')
  return modified.getTime() - modified.getMilliseconds() <= since
}

/** One range; several, and what is none, are answered with the whole file, as RFC 9110 allows. */
function rangeOf(
  { req }: WebContext,
  { bytes, etag, modified }: Entity,
): 'whole' | 'beyond' | { first: number; last: number } {
  const unchanged = req.header('If-Range')
  if (unchanged !== undefined && unchanged !== etag && unchanged !== modified.toUTCString()) return 'whole'
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/i.exec(req.header('Range')?.trim() ?? '') ?? []
  if (from === '' && to === '') return 'whole'
  if (from === '') {
    const length = Math.min(Number(to), bytes)
    return length === 0 ? 'beyond' : { first: bytes - length, last: bytes - 1 }
  }
  const first = Number(from)
  const last = to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)
  if (to !== '' && Number(to) < first) return 'whole'
  return first >= bytes ? 'beyond' : { first, last }
}

/** The name in ASCII for old clients, and as it is. https://www.rfc-editor.org/rfc/rfc6266.html */
export function attachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const whole = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${whole}`
}
