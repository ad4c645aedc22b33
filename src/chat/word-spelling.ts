// How commands are written where all of one is text: the song bare, the rest as `name=value`; what command-text.ts reads. Pure.
import { placeholder, type Spelling } from '../../commands/options.ts'

export const WORD_SPELLING: Spelling = {
  command: (name) => `/${name}`,
  option: (name, value, first) => (first ? value : `${name}=${quoted(value)}`),
  usage(option, first) {
    if (option.type === 'file') return null
    if (option.required || (first && option.type === 'text')) return `<${option.name}>`
    if (!first) return `[${option.name}=${placeholder(option)}]`
    return `[${option.type === 'choice' ? placeholder(option) : option.name}]`
  },
  onMessage: () => null,
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value
}
