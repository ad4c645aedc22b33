// Copies a request's stems and analysis from the file store to the person's folder, and settles it as delivered.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { safeName, songName } from '../../domain/names.ts'
import type { Delivered } from '../../domain/packing.ts'
import { isDiskFull, UserError } from '../../errors.ts'
import type { Files, StoredFile } from '../../files/files.ts'
import type { Database } from '../../store/database.ts'
import { findRequest, moveRequest, songsOf } from '../../store/requests.ts'
import { findSeparation } from '../../store/separations.ts'
import { findResult } from '../../store/stages.ts'
import { findTrack } from '../../store/tracks.ts'

export type Takeout = { folder: string; files: string[] }

/** @throws UserError `output_unwritable`, `disk_full` or `files_gone`; the request stays as it is, so that the same command can go on */
export async function takeOut(
  { db, files }: { db: Database; files: Files },
  requestId: string,
  outDir: string,
): Promise<Takeout> {
  const request = await findRequest(db, requestId)
  if (request && (await songsOf(db, requestId)).length > 0) return endList(db, requestId, outDir)
  const delivery = await findResult(db, requestId, 'delivery')
  const track = request && (await findTrack(db, request.trackId))
  if (!request || !delivery || !track) throw new Error('the request has no delivery')
  const { stems, analysis } = delivery.result as Delivered
  const downloaded = await findResult(db, track.id, 'download')
  // Whatever it was named by, this is the same recording.
  const sound = String(downloaded?.result['audioSha256'] ?? track.source.key)
  const separation = request.separationId ? await findSeparation(db, request.separationId) : undefined
  const about = {
    title: track.title,
    artist: track.artist,
    album: track.album,
    source: request.named?.key ?? track.source.key,
    sound,
    match: request.match,
    model: separation?.model ?? null,
    weights: separation?.weights ?? null,
    stems: stems.map(({ stem, file }) => ({ stem, file: basename(file) })),
    ...(analysis
      ? JSON.parse(await text((await fileOf(files, analysis)).read()))
      : { analysis: 'not available' }),
  }
  try {
    const folder = await songFolder(outDir, songName(track), sound)
    for (const { file } of stems) {
      const stem = await fileOf(files, file)
      await put(join(folder, basename(file)), (temporary) =>
        pipeline(Readable.from(stem.read()), createWriteStream(temporary)),
      )
    }
    await put(join(folder, 'analysis.json'), (temporary) =>
      writeFile(temporary, `${JSON.stringify(about, null, 2)}\n`),
    )
    await db.transaction((tx) => moveRequest(tx, requestId, ['ready'], 'delivered'))
    return { folder, files: [...stems.map(({ file }) => basename(file)), 'analysis.json'] }
  } catch (error) {
    throw unwritable(error, outDir)
  }
}

async function fileOf(files: Files, name: string): Promise<StoredFile> {
  const file = await files.find(name)
  if (!file) throw new UserError('files_gone')
  return file
}

/** Of a list: the stems of each song that is ready, in a folder of its own. @throws UserError as `takeOut` */
export async function takeOutSongs(
  services: { db: Database; files: Files },
  requestId: string,
  outDir: string,
): Promise<(Takeout & { number: number })[]> {
  const taken: (Takeout & { number: number })[] = []
  for (const { id, number, state } of await songsOf(services.db, requestId))
    if (state === 'ready') taken.push({ number, ...(await takeOut(services, id, outDir)) })
  return taken
}

/** Its songs have been taken out one by one. */
async function endList(db: Database, requestId: string, outDir: string): Promise<Takeout> {
  await db.transaction((tx) => moveRequest(tx, requestId, ['ready'], 'delivered'))
  return { folder: outDir, files: [] }
}

/** Made and tried before any work starts. @throws UserError `output_unwritable` or `disk_full` */
export async function prepareOutDir(outDir: string): Promise<void> {
  try {
    await mkdir(outDir, { recursive: true })
    await access(outDir, constants.W_OK)
  } catch (error) {
    throw unwritable(error, outDir)
  }
}

function unwritable(error: unknown, outDir: string): unknown {
  if (isDiskFull(error)) return new UserError('disk_full', undefined, { cause: error })
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG'].includes(code)) return error
  const message = `The stems cannot be written to ${outDir}: choose another folder with --out.`
  return new UserError('output_unwritable', message, { cause: error })
}

/** `Artist - Title`; with a number when another song of that name lies there already. */
async function songFolder(outDir: string, name: string, sound: string): Promise<string> {
  for (let number = 1; ; number++) {
    const folder = join(outDir, number === 1 ? safeName(name) : `${safeName(name)} (${number})`)
    const made = await mkdir(folder, { recursive: true })
    const there = await readFile(join(folder, 'analysis.json'), 'utf8')
      .then((text) => (JSON.parse(text) as { sound?: string }).sound)
      .catch(() => undefined)
    if (made || !there || there === sound) return folder
  }
}

async function put(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`
  try {
    await write(temporary)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
