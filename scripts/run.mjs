// npm run <command>: sets up what the command needs, then runs it. Plain JavaScript without a dependency, since it
// runs on any Node from 20 on, before anything is installed.
import { checkEverything, testEverything } from './checks.mjs'
import { launch } from './launch.mjs'
import { SetupProblem } from './setup/problem.mjs'
import { say } from './setup/progress.mjs'
import { setUp } from './setup/steps.mjs'
import { updateDownloader } from './update-downloader.mjs'

const program = 'src/main.ts'
const tools = { python: true, warm: true }
const commands = {
  separate: { needs: tools, run: (args) => launch(program, ['separate', ...args]) },
  start: { needs: tools, run: (args) => launch(program, ['start', ...args]) },
  bot: { needs: {}, run: (args) => launch(program, ['bot', ...args]) },
  worker: { needs: tools, run: (args) => launch(program, ['worker', ...args]) },
  doctor: { needs: { python: true }, run: (args) => launch(program, ['doctor', ...args]) },
  models: { needs: { python: true }, run: (args) => launch(program, ['models', ...args]) },
  'update-downloader': { needs: { python: true }, run: updateDownloader },
  register: { needs: {}, run: (args) => launch(program, ['register', ...args]) },
  manifest: { needs: {}, run: (args) => launch(program, ['manifest', ...args]) },
  migrate: { needs: {}, run: (args) => launch(program, ['migrate', ...args]) },
  queue: { needs: {}, run: (args) => launch(program, ['queue', ...args]) },
  bench: { needs: tools, run: (args) => launch('bench/main.ts', args) },
  test: { needs: { ...tools, dev: true }, run: testEverything },
  check: { needs: { python: true, dev: true }, run: checkEverything },
  setup: { needs: tools, run: () => 0 },
}

const [name, ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (command === undefined) {
  say(
    `Usage: npm run <command> [-- arguments], where the command is one of ${Object.keys(commands).join(', ')}.`,
  )
  process.exit(2)
}
try {
  await setUp(command.needs)
  if (name === 'setup') say('Everything is set up.')
  process.exitCode = await command.run(args)
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error
  for (const line of error.tail) say(`  ${line}`)
  say(error.message)
  process.exitCode = error.exitCode
}
