// Files as one zip, stored as they are, as audio does not get smaller: made while it is sent, and nothing of it kept.
import { createReadStream, type ReadStream } from 'node:fs'
import type { PassThrough } from 'node:stream'
import { ZipFile } from 'yazl'
import type { StoredFile } from './stored-file.ts'

/** How large the zip will be, to the byte. */
export function zipBytes(files: StoredFile[]): number {
  const zip = new ZipFile()
  let total: number | undefined
  addTo(zip, files, () => {}) // no file is opened: it is over before the first would be read
  zip.end(undefined, (...[bytes]: number[]) => {
    total = bytes
  })
  if (total === undefined || total < 0) throw new Error('a zip of stored files has a size that is known')
  return total
}

export async function* zipped(files: StoredFile[]): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  const output = zip.outputStream as PassThrough
  const fail = (error: Error) => output.destroy(error)
  let reading: ReadStream | undefined
  zip.on('error', fail)
  addTo(zip, files, (path, ready) => {
    reading = createReadStream(path).once('error', fail)
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

function addTo(zip: ZipFile, files: StoredFile[], open: (path: string, ready: Ready) => void): void {
  for (const { name, path, bytes, modified } of files) {
    const options = { compress: false, size: bytes, mtime: modified, mode: 0o100644 }
    zip.addReadStreamLazy(name, options, (ready) => open(path, ready))
  }
}
