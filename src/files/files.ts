// The port to where results lie. Names are relative, with forward slashes; a folder is one attempt's, or one upload.
import type { Readable } from 'node:stream'

export type Files = {
  /** A folder for an attempt to write into; its name goes into the row that makes the result visible. */
  createFolder(owner: string, stage: string, attemptId: string): Promise<{ name: string; path: string }>
  /** Where a tool of this machine reads the file. */
  pathOf(name: string): string
  has(name: string): Promise<boolean>
  remove(name: string): Promise<void>
  /**
   * Takes a person's file in, by content: the same bytes are kept once.
   * @throws UserError `file_not_found`, `not_a_file`, `file_unreadable`, `empty_file`, `too_large`, `disk_full`
   */
  takeUpload(path: string, maxBytes: number): Promise<{ sha256: string; name: string }>
  /**
   * The same of a file that comes in as a stream.
   * @param expectedBytes what it says its size is; 0 where it does not
   * @throws UserError `empty_file`, `too_large`, `disk_full`; the stream's own error when it breaks off, and nothing is kept
   */
  takeStream(
    from: Readable,
    maxBytes: number,
    expectedBytes: number,
  ): Promise<{ sha256: string; bytes: number }>
  /** Removes attempt folders and uploads older than `olderThanSeconds` that `isNamed` does not know. */
  sweep(isNamed: (names: string[]) => Promise<Set<string>>, olderThanSeconds: number): Promise<number>
}

/** Where an upload lies until its download stage has taken it. */
export function uploadName(sha256: string): string {
  return `uploads/${sha256}`
}
