// Request bodies: JSON, or multipart with payload_json and files[n].
import type { IncomingMessage } from 'node:http'
import { refusal } from './errors.ts'
import type { Upload } from './files.ts'
import type { Json } from './world.ts'

export type Form = { payload: unknown; files: Map<number, Upload>; problems: string[] }

/** All bytes of a request. @throws when the client goes away; `watch` sees each count of bytes */
export async function bytesOf(request: IncomingMessage, watch: (count: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let count = 0
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    count += (chunk as Buffer).length
    watch(count)
  }
  return Buffer.concat(chunks)
}

/** @throws Refusal 50109 when it is not JSON */
export function parseBody(bytes: Buffer, contentType: string): Form {
  const problems: string[] = []
  const files = new Map<number, Upload>()
  if (bytes.length === 0) return { payload: undefined, files, problems }
  const [, quoted, plain] =
    /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (!boundary) {
    if (!/^application\/json\b/i.test(contentType)) problems.push(`body of type ${contentType || '(none)'}`)
    return { payload: parseJson(bytes), files, problems }
  }
  let payload: unknown = {}
  for (const part of partsOf(bytes, boundary)) {
    const [, n] = /^files\[(\d+)\]$/.exec(part.field) ?? []
    if (part.field === 'payload_json') payload = parseJson(part.bytes)
    else if (n !== undefined && part.filename !== undefined)
      files.set(Number(n), { name: part.filename, bytes: part.bytes, contentType: part.type })
    else problems.push(`multipart field ${part.field}`)
  }
  return { payload, files, problems }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json
  } catch {
    throw refusal(50109)
  }
}

type Part = { field: string; filename: string | undefined; type: string; bytes: Buffer }

function partsOf(body: Buffer, boundary: string): Part[] {
  const parts: Part[] = []
  const line = Buffer.from(`\r\n--${boundary}`)
  let at = body.indexOf(`--${boundary}`)
  if (at < 0) throw refusal(50109)
  at += line.length - 2
  while (body.subarray(at, at + 2).toString() === '\r\n') {
    const headerEnd = body.indexOf('\r\n\r\n', at)
    const end = body.indexOf(line, headerEnd + 2)
    if (headerEnd < 0 || end < 0) throw refusal(50109)
    const header = body.subarray(at + 2, headerEnd).toString('utf8')
    const parameter = (name: string) => {
      const [, value] = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(header) ?? []
      return value?.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n')
    }
    const [, type = ''] = /^content-type:\s*(\S.*?)\s*$/im.exec(header) ?? []
    parts.push({
      field: parameter('name') ?? '',
      filename: parameter('filename'),
      type,
      bytes: body.subarray(headerEnd + 4, end),
    })
    at = end + line.length
  }
  if (body.subarray(at, at + 2).toString() !== '--') throw refusal(50109)
  return parts
}
