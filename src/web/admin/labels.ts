// What queues and platforms are called on the operator's page. Pure.
import { LABELS } from '../../domain/card.ts'
import { type QueueName, stageOf } from '../../queue/queues.ts'

const PLATFORMS: Record<string, string> = {
  terminal: 'Terminal',
  room: 'Room',
  discord: 'Discord',
  slack: 'Slack',
}

export function platformLabel(platform: string): string {
  return PLATFORMS[platform] ?? platform
}

/** The platform that a queue delivers to. */
export function platformOf(queue: QueueName): string {
  return platformLabel(queue.slice('delivery-'.length))
}

/** `Separation`, `Delivery to Discord` */
export function queueLabel(queue: QueueName): string {
  const stage = stageOf(queue)
  return stage === 'delivery' ? `Delivery to ${platformOf(queue)}` : LABELS[stage]
}
