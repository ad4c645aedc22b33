// The ids of a card's buttons and of its menu: what to do with which request. They work after any restart, since they hold all there is
// to know. Pure.
import type { CardAction } from '../domain/card.ts'

/** `choose` is the menu of what a person may choose among; the choice comes beside it. */
export type ButtonAction = CardAction | 'choose'

const BUTTON = /^(cancel|retry|wrong|choose):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

export function buttonId(action: ButtonAction, requestId: string): string {
  return `${action}:${requestId}`
}

export function parseButtonId(text: string): { action: ButtonAction; requestId: string } | undefined {
  const [, action, requestId] = BUTTON.exec(text) ?? []
  return action && requestId ? { action: action as ButtonAction, requestId } : undefined
}
