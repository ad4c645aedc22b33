// A part of the metrics that is looked up when somebody asks: its gauges, and what sets them from a snapshot.
import type { BatchObservableResult, ObservableGauge } from '@opentelemetry/api'
import type { Snapshot } from './snapshot.ts'

export type Observer = {
  gauges: ObservableGauge[]
  observe(result: BatchObservableResult, snapshot: Snapshot): void
}
