// Tools that take their time and no processor: what is left is ours and the database's.
import { createHash, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ToolName, Tools } from '../src/tools/tools.ts'

export type Seconds = Partial<Record<ToolName, number>>

const PROGRESS_MS = 500
const STEMS = ['bass', 'drums', 'other', 'vocals']
const AUDIO = 'audio'
const AUDIO_SHA256 = createHash('sha256').update(AUDIO).digest('hex')

export function sleepingTools(seconds: Seconds): Tools {
  const run: Tools['run'] = async (name, request, { signal, onProgress }) => {
    const lastsMs = (seconds[name] ?? 0) * 1000
    for (let doneMs = 0; doneMs < lastsMs; doneMs += PROGRESS_MS) {
      onProgress(doneMs / lastsMs, 'working')
      await sleep(Math.min(PROGRESS_MS, lastsMs - doneMs), undefined, { signal })
    }
    const outDir = String(request['outDir'])
    const write = async (file: string) => {
      await writeFile(join(outDir, file), AUDIO)
      return file
    }
    return (await RESULTS[name](request, write)) as Awaited<ReturnType<typeof run<typeof name>>>
  }
  return { run, close: async () => {} }
}

type Result = (
  request: Record<string, unknown>,
  write: (file: string) => Promise<string>,
) => Promise<Record<string, unknown>>

const bytes = AUDIO.length
const RESULTS: Record<ToolName, Result> = {
  resolve: async () => {
    throw new Error('the bench gives links of files')
  },
  download: async (_request, write) => ({
    file: await write('audio.flac'),
    bytes,
    sha256: AUDIO_SHA256,
    // Another one each time, or they would be taken for one song.
    audioSha256: randomUUID(),
    title: 'Song',
    artist: 'Band',
    album: null,
    durationSeconds: 30,
    cover: null,
    coverUrl: null,
    truncated: false,
  }),
  analyze: async (_request, write) => ({
    durationSeconds: 30,
    bpm: 120,
    bpmAlternative: null,
    bpmConfidence: 1,
    steady: true,
    key: 'A minor',
    keyConfidence: 1,
    keyAlternative: null,
    camelot: '8A',
    tuningCents: 0,
    a4Hz: 440,
    loudnessLufs: -14,
    peakDbfs: -1,
    beats: 60,
    files: [await write('analysis.json')],
  }),
  separate: async ({ model }, write) => ({
    model,
    weights: 'aaaa1111',
    device: 'cpu',
    stems: await Promise.all(
      STEMS.map(async (stem) => ({ stem, file: await write(`${stem}.flac`), bytes, peak: 0.5 })),
    ),
    gain: 0.25,
    sampleRateHz: 44100,
    samples: 1323000,
    seconds: 1,
    realTimeFactor: 0.1,
  }),
  encode: async ({ stems }, write) => ({
    files: await Promise.all(
      (stems as { stem: string; name: string }[]).map(async ({ stem, name }) => ({
        stem,
        file: await write(name),
        bytes,
      })),
    ),
  }),
}
