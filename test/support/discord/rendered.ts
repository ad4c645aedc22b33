// A card as Discord gets it, of a request in the middle of its way.
import { expect } from 'vitest'
import { type CardMessage, renderCard } from '../../../src/chat/discord/render.ts'
import type { Card } from '../../../src/domain/card.ts'

export const CARD: Card = {
  id: '6f1c3a52-0d0e-4c7e-9b1e-0a9d7f7d1a11',
  number: 12,
  person: '80351110224678912',
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

export const rendered = (more: Partial<Card> = {}, plain = false): CardMessage =>
  renderCard({ ...CARD, ...more }, { plain, now: new Date('2026-01-01T00:00:00Z') })

export const describing = (message: CardMessage): string => message.embeds[0]?.description ?? ''

export function expectWithinLimits({ content, embeds, components }: CardMessage): void {
  expect(content.length).toBeLessThanOrEqual(2000)
  const [embed, ...more] = embeds
  expect(more).toEqual([])
  const parts = [embed?.title ?? '', embed?.description ?? '', embed?.footer?.text ?? '']
  for (const [index, longest] of [256, 4096, 2048].entries()) expectText(parts[index], longest)
  expect(parts.join('').length).toBeLessThanOrEqual(6000)
  if (embed?.thumbnail) expect(embed.thumbnail.url).toMatch(/^https:\/\/.{1,2040}$/)
  for (const one of components.flatMap((row) => row.components)) {
    expectText(one.custom_id, 100)
    if (one.type === 2) expectText(one.label, 80)
    else {
      expect(one.options.length).toBeGreaterThan(0)
      expect(one.options.length).toBeLessThanOrEqual(25)
      for (const { label, value, description = 'none' } of one.options)
        for (const text of [label, value, description]) expectText(text, 100)
    }
  }
}

function expectText(text: string | undefined, longest: number): void {
  expect(text?.length).toBeGreaterThan(0)
  expect(text?.length).toBeLessThanOrEqual(longest)
  expect(text?.isWellFormed()).toBe(true)
}
