// A card of a request in the middle of its way.
import type { Card } from '../../src/domain/card.ts'
import type { Message } from '../../src/store/messages.ts'

export function cardFor(
  { requestId, number, person }: Pick<Message, 'requestId' | 'number' | 'person'>,
  more: Partial<Card> = {},
): Card {
  return {
    id: requestId,
    number,
    person,
    state: 'working',
    title: 'Song',
    artist: 'Band',
    coverUrl: null,
    facts: ['3:33'],
    lines: [
      { stage: 'download', label: 'Download', state: 'done', fraction: 1, note: null },
      { stage: 'processing', label: 'Separation', state: 'running', fraction: 0.42, note: null },
    ],
    secondsLeft: null,
    notes: [],
    link: null,
    match: null,
    choices: [],
    songs: null,
    error: null,
    actions: ['cancel'],
    ...more,
  }
}
