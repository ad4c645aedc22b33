// Uploaded files, and the signed links they are fetched from.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { extname } from 'node:path'
import type { Clock } from './clock.ts'

export type Upload = {
  name: string
  bytes: Buffer
  contentType?: string
  /** A link to offer instead of the signed one. */
  url?: string
  title?: string
  description?: string
}

export type Attachment = {
  readonly id: string
  readonly filename: string
  title?: string
  description?: string
  readonly size: number
  readonly content_type: string
  /** Signed anew each time it is read. */
  readonly url: string
  readonly proxy_url: string
}

export type FileStore = ReturnType<typeof createFileStore>

const LINK_LIFE_SECONDS = 24 * 3600
const TYPES: Record<string, string> = {
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.wav': 'audio/wav',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.flac': 'audio/flac',
  '.mid': 'audio/midi',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.zip': 'application/zip',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
}

/** Discord's way with names, which is werkzeug's secure_filename: plain letters only, spaces become _. */
export function cleanedName(name: string): string {
  const plain = (text: string) =>
    text
      .normalize('NFKD')
      .replaceAll(/[^\x20-\x7e]/g, '')
      .replaceAll(/[\\/]/g, ' ')
      .trim()
      .replaceAll(/\s+/g, '_')
      .replaceAll(/[^\w.-]/g, '')
      .replaceAll(/^[._]+|[._]+$/g, '')
  const extension = extname(name)
  const base = plain(name.slice(0, name.length - extension.length))
  if (base) return plain(base + extension)
  // Nothing is left of it: some name of Discord's own.
  return createHash('md5').update(name).digest('hex').slice(0, 10) + extension
}

export function createFileStore(origin: () => string, clock: Clock, newId: () => string) {
  const secret = randomBytes(32)
  const bytesById = new Map<string, { path: string; bytes: Buffer; type: string }>()
  const sign = (path: string, ex: string, is: string) =>
    createHmac('sha256', secret).update(`${path}?${ex}&${is}`).digest('hex')
  const link = (path: string) => {
    const nowSeconds = Math.floor(clock.now() / 1000)
    const ex = (nowSeconds + LINK_LIFE_SECONDS).toString(16)
    const is = nowSeconds.toString(16)
    return `${origin()}${path}?ex=${ex}&is=${is}&hm=${sign(path, ex, is)}&`
  }

  return {
    /** @param storedBytes how much of it is kept, when an upload is cut short */
    add(channelId: string, upload: Upload, storedBytes = upload.bytes.length): Attachment {
      const id = newId()
      const filename = cleanedName(upload.name)
      const title =
        upload.title ?? (filename === upload.name ? undefined : upload.name.replace(/\.[^.]*$/, ''))
      const path = `/attachments/${channelId}/${id}/${filename}`
      const type = TYPES[extname(filename).toLowerCase()] ?? upload.contentType ?? 'application/octet-stream'
      const bytes = upload.bytes.subarray(0, storedBytes)
      bytesById.set(id, { path, bytes, type })
      return {
        id,
        filename,
        ...(title ? { title } : {}),
        ...(upload.description ? { description: upload.description } : {}),
        size: bytes.length,
        content_type: type,
        get url() {
          return upload.url ?? link(path)
        },
        get proxy_url() {
          return upload.url ?? link(path)
        },
      }
    },
    bytesOf(attachment: Pick<Attachment, 'id'>): Buffer {
      const found = bytesById.get(attachment.id)
      if (!found) throw new Error(`no such attachment: ${attachment.id}`)
      return found.bytes
    },
    /** What a link gives; nothing when it is unknown, forged or too old. */
    open(url: URL): { bytes: Buffer; type: string } | undefined {
      const [, , , id = ''] = url.pathname.split('/')
      const [ex, is, hm] = ['ex', 'is', 'hm'].map((name) => url.searchParams.get(name) ?? '') as [
        string,
        string,
        string,
      ]
      const file = bytesById.get(id)
      if (!file || file.path !== url.pathname || hm !== sign(file.path, ex, is)) return undefined
      return Number.parseInt(ex, 16) * 1000 > clock.now() ? file : undefined
    },
  }
}
