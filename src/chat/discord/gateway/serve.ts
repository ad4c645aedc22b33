// Discord, wired: the gateway hears people, REST answers them, and Discord knows the commands.
import { COMMANDS } from '../../../../commands/index.ts'
import type { Settings } from '../../../config.ts'
import { describeError } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import type { Services } from '../../../services.ts'
import { commandDepsOf } from '../../command-deps.ts'
import { discordShards } from '../access.ts'
import { registerCommands } from '../register.ts'
import { createDiscordRest, type DiscordAccess } from '../rest.ts'
import { answer } from './answer.ts'
import { attachmentOrigins } from './attachment.ts'
import { type Gateway, startGateway } from './gateway.ts'

export function serveDiscord(
  access: DiscordAccess,
  settings: Settings,
  services: Services,
  log: Log,
): Gateway {
  const rest = createDiscordRest(access)
  const deps = {
    ...commandDepsOf(settings, services),
    rest,
    log,
    commands: COMMANDS,
    maxUploadBytes: settings.MAX_UPLOAD_BYTES,
    late: undefined,
    origins: attachmentOrigins(access.apiUrl),
  }
  return startGateway({
    access,
    shards: discordShards(settings),
    log,
    answer: (given) => answer(given, deps),
    async onOpen() {
      try {
        const { changed } = await registerCommands(rest)
        if (changed.length > 0) log.info({ changed }, 'Discord knows the commands now')
      } catch (error) {
        log.warn(
          { code: describeError(error).code },
          'the commands could not be registered: `npm run register` does it',
        )
      }
    },
  })
}
