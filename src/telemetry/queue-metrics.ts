// Queues, requests and workers as metrics. Every queue and state is there also while there is nothing in it.
import type { Meter } from '@opentelemetry/api'
import type { Observer } from './observer.ts'

const STATES = ['available', 'scheduled', 'executing', 'retryable', 'discarded'] as const
/** That ask us to leave them alone, at times. */
const SERVICES = ['spotify']

export function observeQueues(meter: Meter): Observer {
  const jobs = meter.createObservableGauge('sound_forge_queue_jobs', {
    description: 'Jobs in a queue, by their state.',
  })
  const oldest = meter.createObservableGauge('sound_forge_queue_oldest_age_seconds', {
    description: 'How long the job that has waited longest could have started already.',
  })
  const limit = meter.createObservableGauge('sound_forge_queue_limit', {
    description: 'Jobs of a queue at once over all live machines; 0 while it is paused or drained.',
  })
  const paused = meter.createObservableGauge('sound_forge_queue_paused', {
    description: '1 while a queue is paused or drained.',
  })
  const requests = meter.createObservableGauge('sound_forge_requests', {
    description: 'Requests, by their state.',
  })
  const workers = meter.createObservableGauge('sound_forge_workers', {
    description: 'Workers that are alive.',
  })
  const circuits = meter.createObservableGauge('sound_forge_circuit_open', {
    description: '1 while a service is left alone because it has asked for that.',
  })
  return {
    gauges: [jobs, oldest, limit, paused, requests, workers, circuits],
    observe(result, { database }) {
      for (const depth of database?.queues ?? []) {
        const { queue } = depth
        for (const state of STATES) result.observe(jobs, depth[state], { queue, state })
        result.observe(oldest, depth.oldestAgeSeconds, { queue })
        result.observe(limit, depth.limit, { queue })
        result.observe(paused, Number(depth.paused), { queue })
      }
      for (const [state, count] of Object.entries(database?.requests ?? {}))
        result.observe(requests, count, { state })
      if (database?.workers !== undefined) result.observe(workers, database.workers)
      const open = database?.openCircuits
      for (const service of open ? new Set([...SERVICES, ...open]) : [])
        result.observe(circuits, Number(open?.includes(service)), { service })
    },
  }
}
