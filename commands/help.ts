// help: every command, how it is used and what it does.
import { z } from 'zod'
import type { Command, TextReply } from './command.ts'
import { usageOf } from './options.ts'

const helpOptions = z.object({})

/** @param others the commands beside help itself */
export function helpFor(others: Command[]): Command<typeof helpOptions, TextReply> {
  const help: Command<typeof helpOptions, TextReply> = {
    name: 'help',
    description: 'Shows what can be asked, and how',
    options: helpOptions,
    file: null,
    onMessage: null,
    access: 'everyone',
    once: false,
    examples: [],
    suggest: {},
    async run({ manager, spelling }) {
      const shown = [...others, help as Command].filter(({ access }) => access === 'everyone' || manager)
      const lines = shown.flatMap((command) => {
        const [usage, ...examples] = usageOf(command, spelling)
        const onMessage = command.onMessage === null ? null : spelling.onMessage(command.onMessage)
        return [
          `${usage} - ${command.description}`,
          ...examples.map((example) => `e.g. ${example}`),
          ...(onMessage === null ? [] : [onMessage]),
        ]
      })
      return { kind: 'text', title: 'What can be asked', lines }
    },
  }
  return help
}
