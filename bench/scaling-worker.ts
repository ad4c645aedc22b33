// A worker in a process of its own, as on a machine of its own: node bench/scaling-worker.ts <seconds of each tool as JSON>; its settings
// come from the environment.
import { readSettings } from '../src/config.ts'
import { createLog } from '../src/log.ts'
import { openServices } from '../src/services.ts'
import { startWorker } from '../src/worker.ts'
import { MODELS } from '../test/support/scripted.ts'
import { type Seconds, sleepingTools } from './sleeping-tools.ts'

const settings = readSettings(process.env, process.cwd())
const log = createLog(settings.LOG_LEVEL)
const services = await openServices(settings, log, () => {})
const tools = sleepingTools(JSON.parse(process.argv[2] ?? '{}') as Seconds)
const worker = startWorker(settings, services, log, { tools, models: Promise.resolve(MODELS) })
await worker.decided
console.log('working')
process.on('SIGTERM', async () => {
  await worker.stop(0)
  await services.close()
})
