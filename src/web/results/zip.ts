// Files as one zip, stored as they are, as audio does not get smaller: made while it is sent, and nothing of it kept.
import { type PassThrough, Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { NamedFile } from './stored-file.ts'

/** Read ahead of whoever takes it. */
const AHEAD_BYTES = 64 * 1024

/** How large the zip will be, to the byte. */
export function zipBytes(files: NamedFile[]): number {
  const zip = new ZipFile()
  let total: number | undefined
  addTo(zip, files, () => {}) // no file is opened: it is over before the first would be read
  zip.end(undefined, (...[bytes]: number[]) => {
    total = bytes
  })
  if (total === undefined || total < 0) throw new Error('a zip of stored files has a size that is known')
  return total
}

export async function* zipped(files: NamedFile[]): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  const output = zip.outputStream as PassThrough
  const fail = (error: Error) => output.destroy(error)
  let reading: Readable | undefined
  zip.on('error', fail)
  addTo(zip, files, (file, ready) => {
    const options = { objectMode: false, highWaterMark: AHEAD_BYTES }
    reading = Readable.from(file.read(), options).once('error', fail)
    ready(null, reading)
  })
  zip.end()
  try {
    yield* output
  } finally {
    reading?.destroy()
  }
}

type Ready = (error: unknown, stream: NodeJS.ReadableStream) => void

function addTo(zip: ZipFile, files: NamedFile[], open: (file: NamedFile, ready: Ready) => void): void {
  for (const file of files) {
    const { name, bytes, modified } = file
    const options = { compress: false, size: bytes, mtime: modified, mode: 0o100644 }
    zip.addReadStreamLazy(name, options, (ready) => open(file, ready))
  }
}
