// What the link to a request's results page says.
import type { Card } from '../domain/card.ts'

export function pageWords({ lines }: Card): string {
  return lines.some(({ stage }) => stage === 'processing')
    ? 'Play and mix the stems'
    : 'See all about the song'
}
