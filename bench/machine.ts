// What the numbers were measured on.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

export const CLONE = join(import.meta.dirname, '..')

export function describeMachine(): string {
  const load = loadavg()[0] ?? 0
  const cores = availableParallelism()
  const model = cpus()[0]?.model.trim() ?? process.arch
  const memory = `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`
  return [
    `${model}, ${cores} cores, ${memory} memory, ${process.platform} ${process.arch}`,
    `Node ${process.version}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, load ${load.toFixed(2)}`,
    ...(load > cores / 4 ? ['The machine is busy with other work: read these numbers as upper bounds.'] : []),
  ].join('\n')
}

/** The version of an installed npm package. */
export function packageVersion(name: string, folder = CLONE): string {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}
