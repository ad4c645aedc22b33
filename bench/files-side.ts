// One store of the files bench, in a process of its own, which has a folder for each of two machines: node bench/files-side.ts <here> <there>
// Prints its peak memory in bytes, and how long each step took: of large files in seconds, of small ones in milliseconds.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { readSettings } from '../src/config.ts'
import type { Files, Folder } from '../src/files/files.ts'
import { openFiles } from '../src/files/open.ts'
import { quantile } from './table.ts'

const MiB = 1024 ** 2
const STEMS = ['vocals', 'drums', 'bass', 'other']
const LARGE_MIB = 60
const ROUNDS = 20

export type FilesSide = {
  peakBytes: number
  publishSeconds: number
  bringSeconds: number
  readSeconds: number
  publishMs: number
  bringMs: number
}

const [hereDir = '', thereDir = ''] = process.argv.slice(2)
const machine = async (dir: string): Promise<Files> => {
  const settings = readSettings({ ...process.env, DATA_DIR: dir }, process.cwd())
  // On a disk both machines are one.
  const root = join(settings.FILES === 'disk' ? hereDir : dir, 'files')
  await mkdir(root, { recursive: true })
  return openFiles(settings, root)
}
const here = await machine(hereDir)
const there = await machine(thereDir)

const seconds = async (work: () => Promise<unknown>) => {
  const startedMs = performance.now()
  await work()
  return (performance.now() - startedMs) / 1000
}

/** Of bytes that nothing can make smaller, written as a tool would: not held here. */
async function attempt(mebibytes: number): Promise<Folder> {
  const folder = await here.createFolder(randomUUID(), 'processing', randomUUID())
  const block = randomBytes(mebibytes > 0 ? MiB : 100)
  for (const stem of STEMS) {
    const file = await open(join(folder.path, `${stem}.wav`), 'w')
    for (let written = 0; written < Math.max(mebibytes, 1); written++) await file.write(block)
    await file.close()
  }
  return folder
}

const namesIn = ({ name }: Folder) => STEMS.map((stem) => `${name}/${stem}.wav`)
async function bring(names: string[]): Promise<void> {
  const reader = await there.createFolder(randomUUID(), 'delivery', randomUUID())
  await Promise.all(names.map((name) => reader.localPath(name)))
  reader.close()
}
async function read(names: string[]): Promise<void> {
  for (const name of names) {
    const file = await there.find(name)
    for await (const _ of file?.read() ?? []);
  }
}

const large = await attempt(LARGE_MIB)
const publishSeconds = await seconds(large.publish)
const bringSeconds = await seconds(() => bring(namesIn(large)))
const readSeconds = await seconds(() => read(namesIn(large)))
const small = { publish: [] as number[], bring: [] as number[] }
for (let round = 0; round < ROUNDS; round++) {
  const folder = await attempt(0)
  small.publish.push(await seconds(folder.publish))
  small.bring.push(await seconds(() => bring(namesIn(folder))))
}
await Promise.all([here.close(), there.close()])
const measured: FilesSide = {
  peakBytes: process.resourceUsage().maxRSS * 1024,
  publishSeconds,
  bringSeconds,
  readSeconds,
  publishMs: quantile(small.publish, 0.5) * 1000,
  bringMs: quantile(small.bring, 0.5) * 1000,
}
console.log(JSON.stringify(measured))
