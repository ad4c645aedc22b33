// What every list of suggestions keeps to: the narrowest platform's limits.
import type { Suggestion } from './command.ts'
import { inLine } from './lines.ts'

export const MOST_SUGGESTIONS = 25
/** Of a label and of a value, in UTF-16 units: Discord's limit. */
export const LONGEST_SUGGESTION = 100

/** The text somebody has typed so far, as it may be searched for. */
export function typed(text: string): string {
  return inLine(text, LONGEST_SUGGESTION)
}

/** Labels cut to what fits; values that do not fit left out, as a cut one would be another. */
export function fitting(suggestions: Suggestion[]): Suggestion[] {
  return suggestions
    .filter(({ value }) => value.length > 0 && value.length <= LONGEST_SUGGESTION)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ label, value }) => ({ label: inLine(label, LONGEST_SUGGESTION), value }))
}
