// The queues as the operator's page shows them: one a stage, that of delivery with its platforms.
import { LABELS } from '../../domain/card.ts'
import { lookAtQueues, type QueueStanding } from '../../queue/control.ts'
import { type QueueName, STAGES, type StageName, stageOf } from '../../queue/queues.ts'
import type { Queryable } from '../../store/database.ts'
import { type QueueDepth as DepthRow, queueDepths } from '../../store/queue-depths.ts'
import { platformOf } from './labels.ts'
import type { AdminQueue, QueueDepth } from './wire.ts'

type Named = QueueDepth & { queue: QueueName }

export async function adminQueues(db: Queryable): Promise<AdminQueue[]> {
  const standings = await lookAtQueues(db, undefined)
  const depths = await queueDepths(
    db,
    standings.map(({ queue }) => queue),
  )
  return STAGES.map((stage) => {
    const own = standings.filter(({ queue }) => stageOf(queue) === stage)
    return adminQueue(
      stage,
      own,
      own.map(({ queue, limit }) => depthIn(depths, queue, limit)),
    )
  })
}

function adminQueue(stage: StageName, standings: QueueStanding[], depths: Named[]): AdminQueue {
  // What is said of a stage is said of all its queues.
  const [said] = standings
  const isDraining = standings.some(({ state }) => state === 'draining')
  return {
    ...depths.map(depthOf).reduce(together),
    stage,
    label: LABELS[stage],
    standing: isDraining ? 'draining' : (said?.state ?? 'open'),
    changed:
      said?.changedBy && said.changedAt ? { ...said.changedBy, at: said.changedAt.toISOString() } : null,
    perMachine: said?.concurrency ?? null,
    parts: stage === 'delivery' ? depths.filter(isTold).map(partOf) : [],
  }
}

function depthIn(depths: DepthRow[], queue: QueueName, limit: number): Named {
  const found = depths.find((depth) => depth.queue === queue)
  return {
    queue,
    available: found?.available ?? 0,
    scheduled: found?.scheduled ?? 0,
    retryable: found?.retryable ?? 0,
    running: found?.executing ?? 0,
    limit,
    oldestAgeSeconds: Math.round(found?.oldestAgeSeconds ?? 0),
  }
}

function isTold({ limit, available, scheduled, retryable, running }: Named): boolean {
  return limit + available + scheduled + retryable + running > 0
}

function partOf(named: Named): AdminQueue['parts'][number] {
  return { ...depthOf(named), label: platformOf(named.queue) }
}

function depthOf({ queue: _, ...depth }: Named): QueueDepth {
  return depth
}

function together(one: QueueDepth, other: QueueDepth): QueueDepth {
  return {
    available: one.available + other.available,
    scheduled: one.scheduled + other.scheduled,
    retryable: one.retryable + other.retryable,
    running: one.running + other.running,
    limit: one.limit + other.limit,
    oldestAgeSeconds: Math.max(one.oldestAgeSeconds, other.oldestAgeSeconds),
  }
}
