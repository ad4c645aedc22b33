// A card of a request in the middle of its way, as Slack shows it.
import { renderCard } from '../../../src/chat/slack/render.ts'
import type { Card } from '../../../src/domain/card.ts'

const now = new Date('2026-01-01T00:00:00Z')
export const card: Card = {
  id: '6f1c3a52-0d0e-4c7e-9b1e-0a9d7f7d1a11',
  number: 12,
  person: 'U0ANN',
  state: 'working',
  title: 'Never Gonna Give You Up',
  artist: 'Rick Astley',
  coverUrl: 'https://i.scdn.co/image/abc',
  facts: ['3:33', '113 BPM', 'A♭ major', 'htdemucs'],
  lines: [
    { stage: 'download', label: 'Download', state: 'done', fraction: 1, note: null },
    { stage: 'analysis', label: 'Analysis', state: 'retrying', fraction: 0.5, note: 'trying again (2 of 3)' },
    { stage: 'processing', label: 'Separation', state: 'running', fraction: 0.42, note: 'loading' },
    { stage: 'delivery', label: 'Delivery', state: 'ahead', fraction: 0, note: null },
  ],
  secondsLeft: 90,
  notes: [],
  link: null,
  match: null,
  choices: [],
  songs: null,
  error: null,
  actions: ['cancel'],
}
type Wishes = Partial<Parameters<typeof renderCard>[1]>
export const shown = (more: Partial<Card> = {}, wishes: Wishes = {}) =>
  renderCard({ ...card, ...more }, { plain: false, plans: false, personName: 'ann', now, ...wishes })
export const DELIVERED = { state: 'delivered' as const, actions: [], secondsLeft: null }
export const plain = (text: string) => ({ type: 'plain_text', text, emoji: false })
