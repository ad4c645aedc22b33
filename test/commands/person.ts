// A person who gives commands in a place, as a platform would hand them over: parsed, then run.
import { randomUUID } from 'node:crypto'
import type { Asker, Command, CommandDeps, Reply } from '../../commands/command.ts'
import { COLON_SPELLING, parseOptions } from '../../commands/options.ts'
import type { GivenFile } from '../../src/domain/source.ts'
import { NEW_MESSAGE } from '../support/new-message.ts'
import type { World } from '../support/world.ts'

export function depsOf(world: World, more: Partial<CommandDeps> = {}): CommandDeps {
  const doors = world.settings.SOURCES
  return { ...world.services, defaultModel: 'auto', maxOpenRequests: 40, doors, publicUrl: null, ...more }
}

export function personIn(deps: CommandDeps, about: Partial<Asker> & { person: string }) {
  const asker: Asker = {
    platform: 'terminal',
    app: 'terminal',
    workspace: 'band',
    channel: 'rehearsals',
    manager: false,
    ...about,
  }
  const { manager, ...who } = asker
  return {
    asker,
    async gives<R extends Reply>(
      // biome-ignore lint/suspicious/noExplicitAny: any command, with its own options
      command: Command<any, R>,
      given: Record<string, unknown> = {},
      file: GivenFile | null = null,
    ): Promise<R> {
      const interaction = { ...who, externalId: randomUUID() }
      const options = parseOptions(command, given)
      return command.run(
        {
          interaction,
          manager,
          options,
          file,
          message: NEW_MESSAGE,
          resumes: false,
          spelling: COLON_SPELLING,
        },
        deps,
      )
    },
    /** The values that complete what was typed. */
    // biome-ignore lint/suspicious/noExplicitAny: any command, with its own options
    async types(command: Command<any>, option: string, text: string) {
      const suggestions = (await command.suggest[option]?.(text, asker, deps)) ?? []
      return suggestions.map(({ label, value }) => ({ label, value }))
    },
  }
}
