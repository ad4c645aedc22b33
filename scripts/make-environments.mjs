// Makes the Python environments of the tools and nothing else, as the Dockerfile wants them. Reads TORCH_SPEC and TORCH_INDEX_URL.
import { prepareEnvironments } from './setup/environments.mjs'
import { exclusively } from './setup/exclusive.mjs'
import { SetupProblem } from './setup/problem.mjs'
import { say } from './setup/progress.mjs'

try {
  await exclusively(() => prepareEnvironments({ dev: false }))
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error
  for (const line of error.tail) say(`  ${line}`)
  say(error.message)
  process.exitCode = error.exitCode
}
