// Chat platforms as metrics: how fresh the cards are, how often a platform asks for a pause, how fast people are answered.
import type { Meter } from '@opentelemetry/api'
import { subscribe } from './events.ts'

/** Those with a courier. */
const PLATFORMS = ['discord', 'slack']
const LAG_SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]
/** Both platforms give three seconds. */
const ACK_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5]

/** @returns ends it */
export function countChats(meter: Meter): () => void {
  const edits = meter.createCounter('sound_forge_courier_edits_total', {
    description: 'Tries of the courier to make a message show its card.',
  })
  const lags = meter.createHistogram('sound_forge_courier_lag_seconds', {
    description: 'Time from when the courier heard that a card had changed to when its message showed it.',
    advice: { explicitBucketBoundaries: LAG_SECONDS },
  })
  const limits = meter.createCounter('sound_forge_platform_rate_limits_total', {
    description: 'Answers of a platform that asked for a pause (429).',
  })
  const acks = meter.createHistogram('sound_forge_platform_ack_seconds', {
    description: 'Time from when a command or a press came in to when it was acknowledged.',
    advice: { explicitBucketBoundaries: ACK_SECONDS },
  })
  // So that the first of a kind is seen as an increase.
  for (const platform of PLATFORMS) {
    limits.add(0, { platform })
    for (const outcome of ['edited', 'posted', 'busy', 'failed']) edits.add(0, { platform, outcome })
  }

  const ends = [
    subscribe('courier:edit', (edit) => {
      const { platform, outcome } = edit
      edits.add(1, { platform, outcome })
      if ('lagMs' in edit) lags.record(edit.lagMs / 1000, { platform })
    }),
    subscribe('platform:rate-limit', ({ platform }) => limits.add(1, { platform })),
    subscribe('platform:ack', ({ platform, ackMs }) => acks.record(ackMs / 1000, { platform })),
  ]
  return () => {
    for (const end of ends) end()
  }
}
