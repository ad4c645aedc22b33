// The explicit list of what a person can type.
import { analyze } from './analyze.ts'
import { cancel } from './cancel.ts'
import type { Command } from './command.ts'
import { helpFor } from './help.ts'
import { history } from './history.ts'
import { queue } from './queue.ts'
import { results } from './results.ts'
import { retry } from './retry.ts'
import { separate } from './separate.ts'
import { status } from './status.ts'
import { wrong } from './wrong.ts'

const others = [separate, analyze, status, cancel, retry, wrong, results, history, queue] as Command[]

export const COMMANDS: readonly Command[] = [...others, helpFor(others) as Command]
