// The internet, made up: Spotify, YouTube and all the others behind one proxy, by python/tests/download/fake_world.py in a process of its own.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'
import { killChild } from './processes.ts'

const PYTHON_CODE = join(import.meta.dirname, '../../python')
export const DOWNLOAD_PYTHON = join(PYTHON_CODE, '../.venv/download/bin/python')

/** What there is; fake_world.py says what it all means. */
export type There = {
  tracks?: {
    id: string
    title: string
    artists: string[]
    seconds?: number
    isrc?: string
    album?: string
    kind?: string
  }[]
  playlists?: Listing[]
  albums?: Listing[]
  candidates?: {
    videoId: string
    title: string
    artists: string[]
    durationSeconds: number
    kind?: 'song' | 'video'
    album?: string
    isrc?: string
    wantedBy: string
    official?: boolean
  }[]
  videos?: {
    id: string
    title: string
    channel?: string
    durationSeconds?: number
    sound?: string
    length?: number
    trouble?: string
    media?: string
    hls?: string
    thumbnail?: string
  }[]
  apple?: Known[]
  deezer?: Known[]
  tidal?: Known[]
  shortLinks?: { address: string; target: string }[]
  youtubeLists?: {
    id: string
    title: string
    owner: string
    entries: { id: string; title: string; artist: string; seconds: number; isThere?: boolean }[]
  }[]
  soundcloud?: string
  bandcamp?: string
}
type Listing = { id: string; title: string; owner: string; tracks: (string | null)[] }
type Known = { id: string; title: string; artists: string[]; seconds: number; isrc?: string }

/** What becomes of questions to an address. */
export type Rule = {
  status?: number
  headers?: Record<string, string>
  text?: string
  /** The path of a file that is answered. */
  file?: string
  endless?: boolean
  /** Bytes a second. */
  pace?: number
  cutAfter?: number
  /** So often, then as usual. */
  times?: number
}

export type FakeWorld = Awaited<ReturnType<typeof openFakeWorld>>

export async function openFakeWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-internet-'))
  const script = join(PYTHON_CODE, 'tests/download/fake_world.py')
  const child = spawn(DOWNLOAD_PYTHON, [script, folder], {
    env: { ...process.env, PYTHONPATH: `${PYTHON_CODE}:${join(PYTHON_CODE, 'tests')}` },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  afterAll(async () => {
    await killChild(child)
    await rm(folder, { recursive: true, force: true })
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the made-up internet has ended')
    return JSON.parse(value)
  }
  const { environment, credentials } = (await answer()) as Record<
    'environment' | 'credentials',
    Record<string, string>
  >
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other, as the answers come in that order. */
  const order = (what: object): Promise<unknown> => {
    last = last.then(() => {
      child.stdin.write(`${JSON.stringify(what)}\n`)
      return answer()
    })
    return last
  }
  return {
    /** Sends whoever has it here. */
    environment,
    /** Of the one app that this Spotify knows. */
    credentials,
    add: (there: There) => order({ add: there }),
    /** By how addresses begin: host and path. */
    rule: (rules: Record<string, Rule>) => order({ rule: rules }),
    /** The path of a file; those of one name sound the same. */
    sound: (name: string, kind: string, seconds = 3) =>
      order({ sound: { name, kind, seconds } }) as Promise<string>,
    /** What was asked for so far: `GET host/path`, `CONNECT host:port`. */
    asked: () => order({ asked: null }) as Promise<string[]>,
  }
}
