// Files: first promised, then uploaded, then completed, and only then to be seen.
import { extname } from 'node:path'
import { newId } from './ids.ts'
import type { Channel, Workspace, World } from './world.ts'

export type FileWish = { name: string; bytes: Buffer; mimetype?: string }

export type Share = { channel: Channel; ts: string; threadTs: string | undefined }

const TYPES: Record<string, string> = {
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  flac: 'audio/flac',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  zip: 'application/zip',
  txt: 'text/plain',
  json: 'application/json',
}

export class SlackFile {
  readonly id = newId('F')
  readonly name: string
  title: string
  readonly mimetype: string
  readonly workspace: Workspace
  /** Id of whose it is. */
  readonly user: string
  readonly createdMs: number
  state: 'promised' | 'uploaded' | 'completed' | 'deleted'
  bytes: Buffer
  /** As announced before the upload. */
  readonly promisedBytes: number
  shares: Share[] = []
  /** The bot may read it though no channel shows it: somebody gave it in a modal. */
  givenToBot = false

  constructor(of: {
    workspace: Workspace
    user: string
    name: string
    createdMs: number
    promisedBytes: number
    mimetype?: string | undefined
  }) {
    this.workspace = of.workspace
    this.user = of.user
    this.name = of.name
    this.title = of.name
    this.mimetype = of.mimetype ?? TYPES[this.filetype] ?? 'application/octet-stream'
    this.createdMs = of.createdMs
    this.promisedBytes = of.promisedBytes
    this.state = 'promised'
    this.bytes = Buffer.alloc(0)
  }

  /** As its name ends, without the dot. */
  get filetype(): string {
    return extname(this.name).slice(1).toLowerCase()
  }

  get size(): number {
    return this.state === 'promised' ? this.promisedBytes : this.bytes.length
  }

  get path(): string {
    return `/files-pri/${this.workspace.id}-${this.id}`
  }
}

export type FileStore = ReturnType<typeof createFileStore>

export function createFileStore() {
  const files = new Map<string, SlackFile>()
  /** One-use places to send a file to. */
  const tickets = new Map<string, SlackFile>()
  return {
    tickets,
    add: (file: SlackFile): SlackFile => {
      files.set(file.id, file)
      return file
    },
    get: (id: unknown): SlackFile | undefined => files.get(String(id)),
    usedBytes: (workspace: Workspace): number =>
      [...files.values()]
        .filter((file) => file.workspace === workspace && file.state !== 'deleted')
        .reduce((sum, file) => sum + file.size, 0),
    bytesOf(file: { id: string }): Buffer {
      const found = files.get(file.id)
      if (!found) throw new Error(`no such file: ${file.id}`)
      return found.bytes
    },
  }
}

/** A file a person has put there. */
export function fileOfPerson(world: World, workspace: Workspace, user: string, wish: FileWish): SlackFile {
  const { name, bytes, mimetype } = wish
  const createdMs = world.clock.now()
  const file = new SlackFile({ workspace, user, name, mimetype, createdMs, promisedBytes: bytes.length })
  file.bytes = bytes
  file.state = 'completed'
  return world.files.add(file)
}
