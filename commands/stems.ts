// The stems option: a list of names, `all`, or `instrumental`; and what completes it.
import { z } from 'zod'
import type { Suggestion } from './command.ts'

export const STEMS = ['vocals', 'drums', 'bass', 'other', 'guitar', 'piano'] as const
/** All that the usual models make but the voice. */
const INSTRUMENTAL = ['drums', 'bass', 'other']
const LONGEST = 100

/** Empty: all that the model makes. */
export const stemsOption = z
  .string()
  .max(LONGEST)
  .transform((text) => {
    const names = namesIn(text)
    return names.includes('all')
      ? []
      : names.flatMap((name) => (name === 'instrumental' ? INSTRUMENTAL : name))
  })
  .pipe(z.array(z.enum(STEMS)))
  .optional()
  .describe(`Which stems, separated by commas: ${STEMS.join(', ')} (all)`)
  .meta({ list: STEMS })

/** Completes the last name of the list. */
export function suggestStems(text: string): Suggestion[] {
  if (text.length > LONGEST) return []
  const last = (text.split(',').at(-1) ?? '').trim().toLowerCase()
  const before = namesIn(text.split(',').slice(0, -1).join(','))
  if (!before.every(isStem)) return []
  const ahead = (chosen: string[]) => STEMS.filter((stem) => !chosen.includes(stem))
  const lists = ahead(before)
    .filter((stem) => stem.startsWith(last))
    .map((stem) => [...before, stem])
  // A name that is whole may be followed by another.
  if (isStem(last) && !before.includes(last))
    lists.push(...ahead([...before, last]).map((stem) => [...before, last, stem]))
  const suggestions = lists.map((list) => ({ label: list.join(', '), value: list.join(', ') }))
  if (before.length > 0) return suggestions
  const words = [
    { label: 'all', value: 'all' },
    { label: `instrumental: ${INSTRUMENTAL.join(', ')}`, value: INSTRUMENTAL.join(', ') },
  ]
  return [...words.filter(({ label }) => label.startsWith(last)), ...suggestions]
}

function namesIn(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  return [...new Set(names.filter(Boolean))]
}

function isStem(name: string): boolean {
  return STEMS.some((stem) => stem === name)
}
