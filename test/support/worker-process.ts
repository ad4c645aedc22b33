// A worker in a process of its own, to be killed: node test/support/worker-process.ts <script folder>; its settings come from the environment.
import { readSettings } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { openServices } from '../../src/services.ts'
import { logJobs } from '../../src/telemetry/job-log.ts'
import { createTools } from '../../src/tools/tools.ts'
import { startWorker } from '../../src/worker.ts'
import { MODELS, scriptedCommands } from './scripted.ts'

const settings = readSettings(process.env, process.cwd())
const log = createLog(settings.LOG_LEVEL)
logJobs(log)
const endTraces = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  ? (await import('../../src/telemetry/traces.ts')).startTraces(settings.OTEL_SERVICE_NAME, 'worker', log)
  : async () => {}
const services = await openServices(settings, log, () => {})
const tools = createTools(settings, scriptedCommands(process.argv[2] ?? ''))
const models = settings.WORKER_QUEUES.includes('processing') ? MODELS : []
const worker = startWorker(settings, services, log, { tools, models: Promise.resolve(models) })
await worker.decided
console.log(worker.working ? 'working' : 'waiting')
// Not once(): with no listener left, execa's own would end the process at once.
process.on('SIGTERM', async () => {
  await worker.stop(1)
  await services.close()
  await endTraces()
})
