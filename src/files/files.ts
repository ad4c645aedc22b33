// The port to where songs and stems lie: this machine's disk, or a bucket that every machine reaches. Names are relative, with forward
// slashes; what belongs together is an attempt's folder, `<owner>/<stage>/<attempt>`, or one upload.
// A store that cannot be reached just now is told by a PauseError `files_unavailable`, wherever it is asked; every question has a limit.
import type { Readable } from 'node:stream'

/** A part of a file, in bytes. */
export type Stretch = { from: number; bytes: number }

export type StoredFile = {
  bytes: number
  modified: Date
  /**
   * Its bytes, as fast as they are taken; nothing is opened before the first.
   * @throws UserError `files_gone` when it is no longer there; another error when it breaks off, or, read whole, is other than was stored
   */
  read(stretch?: Stretch): AsyncIterable<Uint8Array>
}

/** An attempt's folder on this machine. */
export type Folder = {
  /** Goes into the row that makes the attempt's result visible. */
  name: string
  /** What the attempt makes is written here. */
  path: string
  /**
   * Where a tool of this machine reads a file of the store, or one of this folder, until the folder is closed.
   * @throws UserError `files_gone` where it has to be brought here and is no longer there, or is damaged; what was made with it goes too,
   * so that all of it is made again
   */
  localPath(name: string): Promise<string>
  /** Makes what lies in the folder readable everywhere. To be done before a row names it. */
  publish(): Promise<void>
  /** Nothing came of the attempt. What cannot be removed just now, a later sweep removes. */
  discard(): Promise<void>
  /** The attempt is over: its files stay as they are, what it read may go from this machine. */
  close(): void
}

export type Files = {
  /** What the store is called: the same for all who use it, by whatever way they reach it. People know it by the end of that. */
  readonly name: string
  /** @param signal ends what the folder's methods wait for */
  createFolder(owner: string, stage: string, attemptId: string, signal?: AbortSignal): Promise<Folder>
  /** @returns undefined where there is no such file */
  find(name: string): Promise<StoredFile | undefined>
  /** Of a file, or of a folder. */
  has(name: string): Promise<boolean>
  /** A file, or all that lies in a folder. */
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
  /** Removes what this machine keeps of the store and has not used for long. For the one process that works there. */
  trim(): Promise<void>
  close(): Promise<void>
}

/** Where an upload lies until its download stage has taken it. */
export function uploadName(sha256: string): string {
  return `uploads/${sha256}`
}

/** What a file is removed with: the attempt's folder that it lies in, or the upload that it is. */
export function unitOf(name: string): string {
  const [owner, ...rest] = name.split('/')
  return [owner, ...rest.slice(0, owner === 'uploads' ? 1 : 2)].join('/')
}
