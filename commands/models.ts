// What completes the model option: auto, and what the workers that live can load.
import { listWorkers } from '../src/store/workers.ts'
import type { Asker, CommandDeps, Suggestion } from './command.ts'
import { fitting, typed } from './suggestions.ts'

export async function suggestModels(text: string, _asker: Asker, { db }: CommandDeps): Promise<Suggestion[]> {
  const loadable = (await listWorkers(db)).flatMap(({ models }) => models.map(({ name }) => name))
  const words = typed(text).toLowerCase()
  const names = [...new Set(['auto', ...loadable.sort()])].filter((name) =>
    name.toLowerCase().includes(words),
  )
  return fitting(names.map((name) => ({ label: name, value: name })))
}
