// The process's metrics, as Prometheus reads them: what events tell is counted, how things stand is looked up when somebody asks. Loaded only
// where they are served: a tenth of a second, and 12 MB. https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics'
import { countChats } from './chat-metrics.ts'
import { observeDatabase } from './database-metrics.ts'
import { countJobs } from './job-metrics.ts'
import { observeMachine } from './machine-metrics.ts'
import { observeQueues } from './queue-metrics.ts'
import { createSnapshots, type SnapshotDeps } from './snapshot.ts'
import { observeTools } from './tool-metrics.ts'

export type Metrics = { text(): Promise<string>; stop(): Promise<void> }

const PACKAGE = join(import.meta.dirname, '../../package.json')
/** Whoever asks within this time of another gets the same. */
const KEPT_MS = 2_000

export function startMetrics({ serviceName, ...deps }: SnapshotDeps & { serviceName: string }): Metrics {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  const reader = new AskedReader({
    // What is not told any more, such as depths while the database is away, is not to be shown as it was.
    aggregationTemporalitySelector: (type) =>
      type === InstrumentType.OBSERVABLE_GAUGE
        ? AggregationTemporality.DELTA
        : AggregationTemporality.CUMULATIVE,
  })
  const resource = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version })
  const provider = new MeterProvider({ resource, readers: [reader] })
  const meter = provider.getMeter('sound-forge')
  const tools = observeTools(meter)
  const database = observeDatabase(meter, deps.db)
  const observers = [observeQueues(meter), tools, database, observeMachine(meter, { version })]
  const ends = [countJobs(meter), countChats(meter), tools.stop, database.stop]

  const snapshot = createSnapshots(deps)
  meter.addBatchObservableCallback(
    async (result) => {
      const standing = await snapshot()
      for (const observer of observers) observer.observe(result, standing)
    },
    observers.flatMap(({ gauges }) => gauges),
  )
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  const collect = async () => serializer.serialize((await reader.collect()).resourceMetrics)
  // One at a time, as each takes what the gauges were told.
  let last: Promise<string> | undefined
  return {
    text() {
      last ??= collect().finally(() => {
        setTimeout(() => {
          last = undefined
        }, KEPT_MS).unref()
      })
      return last
    },
    async stop() {
      for (const end of ends) end()
      await provider.shutdown()
    },
  }
}

/** Reads when it is asked, and at no other time. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
