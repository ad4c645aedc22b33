// Which models this machine can load, asked of Python; and whether htdemucs could be fetched.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Settings } from '../config.ts'
import type { Loadable } from '../domain/model.ts'
import { askPython } from './ask.ts'

const CLONE = join(import.meta.dirname, '../..')
/** The folder of the model that the project ships. */
export const SHIPPED_MODELS = join(CLONE, 'models')
const REACH_SECONDS = 8
const REMEMBER_MS = 3600_000

const listing = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      weights: z.string().nullable(),
      sources: z.array(z.string()).nullable(),
      available: z.boolean(),
      origin: z.enum(['starter', 'repo', 'hub']),
      hint: z.string().optional(),
    }),
  ),
})
export type ModelEntry = z.infer<typeof listing>['models'][number]

export async function listModels(settings: Settings): Promise<ModelEntry[]> {
  const answer = await ask(settings, [
    'list',
    '--repo',
    settings.MODEL_REPO ?? '-',
    '--starter',
    SHIPPED_MODELS,
  ])
  return listing.parse(answer).models
}

/** What a worker announces: the models that are here, and htdemucs where its weights can be fetched on first use. */
export async function loadableModels(settings: Settings): Promise<Loadable[]> {
  const models = await listModels(settings)
  const loadable = models
    .filter((model) => model.available)
    .map(({ name, weights }) => ({ name, weights: weights ?? '' }))
  const wanted = settings.MODEL === 'auto' ? 'htdemucs' : settings.MODEL
  const missing = models.find((model) => model.name === wanted && model.origin === 'hub' && !model.available)
  if (missing && (await weightsCanBeFetched(settings))) loadable.push({ name: missing.name, weights: '' })
  return loadable
}

/** Tried once for a few seconds and remembered for an hour; HF_HUB_OFFLINE forbids it, as it does for the hub's own client. */
async function weightsCanBeFetched(settings: Settings): Promise<boolean> {
  if (process.env['HF_HUB_OFFLINE']) return false
  const memory = join(settings.DATA_DIR, 'cache', 'weights-reachable.json')
  const known = await readFile(memory, 'utf8')
    .then((text) => z.object({ reachable: z.boolean(), at: z.number() }).parse(JSON.parse(text)))
    .catch(() => undefined)
  if (known && Date.now() - known.at < REMEMBER_MS) return known.reachable
  const reachable = await ask(settings, ['reach'])
    .then((answer) => z.object({ reachable: z.boolean() }).parse(answer).reachable)
    .catch(() => false)
  await writeFile(memory, JSON.stringify({ reachable, at: Date.now() }))
  return reachable
}

function ask(settings: Settings, args: string[]): Promise<unknown> {
  return askPython(settings, 'separate', 'stemtools.models', args, REACH_SECONDS)
}
