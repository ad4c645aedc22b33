// The ids of a card's buttons: what to do with which request. They work after any restart, since they hold all there is to know. Pure.
import type { CardAction } from '../domain/card.ts'

const BUTTON = /^(cancel|retry):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

export function buttonId(action: CardAction, requestId: string): string {
  return `${action}:${requestId}`
}

export function parseButtonId(text: string): { action: CardAction; requestId: string } | undefined {
  const [, action, requestId] = BUTTON.exec(text) ?? []
  return action && requestId ? { action: action as CardAction, requestId } : undefined
}
