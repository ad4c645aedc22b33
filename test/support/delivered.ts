// A request that is delivered, with files of its own in the store, as the stages would have left it.
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { stemFileName } from '../../src/domain/names.ts'
import type { Delivered, Format } from '../../src/domain/packing.ts'
import type { StageName } from '../../src/queue/queues.ts'
import { saveEncodings } from '../../src/store/encodings.ts'
import { moveRequest } from '../../src/store/requests.ts'
import { nameModel } from '../../src/store/separations.ts'
import { stageIsDone } from '../../src/store/stages.ts'
import { describeTrack } from '../../src/store/tracks.ts'
import { newSong, type World } from './world.ts'

export type PlayedStem = { pieces: Buffer[]; peaks: { min: number[]; max: number[] } }
export type DeliveredSong = {
  title: string
  artist: string | null
  person: string
  channel: string
  format: Format
  /** Handed over, by stem. */
  stems: Record<string, Buffer>
  /** As the page plays them, by stem; of all that were separated. */
  player: Record<string, PlayedStem>
  /** Of every stem. */
  samples: number
  analysis: string | null
  cover: Buffer | null
}

export const SAMPLE_RATE_HZ = 44_100
export const PIECE_SAMPLES = 5 * SAMPLE_RATE_HZ
const SAMPLES = 2 * PIECE_SAMPLES + 1000

/** Three pieces. */
export function playedStem(stem: string): PlayedStem {
  const pieces = [0, 1, 2].map((piece) => Buffer.from(`fLaC ${stem} ${piece}`.repeat(piece + 1)))
  return { pieces, peaks: { min: [-0.5, -0.25], max: [0.5, 0.125] } }
}

export async function deliverSong(world: World, song: Partial<DeliveredSong> = {}) {
  const { db, files } = world.services
  const {
    title = 'Song',
    artist = 'Band',
    person = 'ann',
    channel = 'band',
    format = 'mp3',
    stems = { vocals: Buffer.from('the vocals'), drums: Buffer.from('the drums') },
    player = { vocals: playedStem('vocals'), drums: playedStem('drums') },
    samples = SAMPLES,
    analysis = '{"bpm": 120}',
    cover = null,
  } = song
  const { request } = await world.ask(newSong(), { person, channel })
  const { id, trackId, separationId = '' } = request
  const folderOf = async (owner: string, stage: StageName) => {
    const folder = await files.createFolder(owner, stage, randomUUID())
    const put = async (name: string, content: string | Buffer) => {
      await writeFile(`${folder.path}/${name}`, content)
      return `${folder.name}/${name}`
    }
    return { name: folder.name, put, publish: folder.publish }
  }
  const finish = async (
    owner: string,
    stage: StageName,
    { name, publish }: Awaited<ReturnType<typeof folderOf>>,
    result: object,
  ) => {
    await publish()
    await db.query('delete from stages where owner = $1 and stage = $2', [owner, stage])
    await db.query(
      `insert into stages (owner, stage, track_id, queue, job_id, state) values ($1, $2, $3, $2, $4, 'running')`,
      [owner, stage, trackId, randomUUID()],
    )
    await stageIsDone(db, owner, stage, { folder: name, result: { ...result } })
  }

  const download = await folderOf(trackId, 'download')
  if (cover) await download.put('cover', cover)
  await finish(trackId, 'download', download, { cover: cover && 'cover', truncated: false })
  await describeTrack(db, trackId, {
    title,
    artist,
    album: null,
    durationSeconds: samples / SAMPLE_RATE_HZ,
    coverUrl: null,
  })
  const analysed = await folderOf(trackId, 'analysis')
  if (analysis !== null) {
    await analysed.put('analysis.json', analysis)
    await finish(trackId, 'analysis', analysed, {
      bpm: 120.4,
      bpmAlternative: 60.2,
      key: 'A minor',
      keyAlternative: null,
      loudnessLufs: -14,
    })
  }
  const delivery = await folderOf(id, 'delivery')
  const handed = []
  for (const [stem, audio] of Object.entries(stems)) {
    const file = await delivery.put(stemFileName({ artist, title }, stem, format), audio)
    handed.push({ stem, file, bytes: audio.length })
  }
  const played = []
  for (const [stem, { pieces, peaks }] of Object.entries(player)) {
    const file = await delivery.put(`${stem}.pieces`, Buffer.concat(pieces))
    const index = {
      sampleRateHz: SAMPLE_RATE_HZ,
      samples,
      pieceSamples: PIECE_SAMPLES,
      pieceBytes: pieces.map(({ length }) => length),
      peaks,
    }
    await delivery.put(`${stem}.pieces.json`, JSON.stringify(index))
    played.push({ stem, file, bytes: Buffer.concat(pieces).length })
  }
  if (separationId && played.length > 0) {
    await nameModel(db, separationId, 'htdemucs', randomUUID())
    await saveEncodings(db, separationId, 'player', 0, played)
  } else {
    await db.query('update requests set separation_id = null where id = $1', [id])
  }
  const result: Delivered = {
    stems: handed,
    player: played,
    analysis: analysis === null ? null : `${analysed.name}/analysis.json`,
    format,
    bitrateKbps: format === 'mp3' ? 320 : 0,
    notes: ['A note.'],
    link: null,
  }
  await finish(id, 'delivery', delivery, result)
  await moveRequest(db, id, ['working'], 'delivered')
  return { ...request, folders: { download: download.name, delivery: delivery.name } }
}
