// Which model a request gets. Pure.
import { UserError } from '../errors.ts'

/** A model a live worker can load, with the checksum of its weights. */
export type Loadable = { name: string; weights: string }

const PREFERRED = ['htdemucs', 'starter']
/** What stands in a separation until a worker that knows its models takes it. */
export const UNDECIDED = { model: 'auto', weights: '' }

/**
 * `auto` is htdemucs where any worker can load it, else starter; with no worker alive it stays open until processing starts.
 * @throws UserError `unknown_model` when workers are alive and none can load the model asked for
 */
export function chooseModel(asked: string, loadable: Loadable[]): { model: string; weights: string } {
  if (loadable.length === 0) return asked === 'auto' ? UNDECIDED : { model: asked, weights: '' }
  const names = asked === 'auto' ? PREFERRED : [asked]
  const chosen = names
    .map((name) => loadable.find((model) => model.name === name))
    .find((model) => model !== undefined)
  if (chosen) return { model: chosen.name, weights: chosen.weights }
  const known = [...new Set(loadable.map((model) => model.name))].join(', ')
  throw new UserError('unknown_model', `No model ${asked} is here: choose one of ${known}.`)
}
