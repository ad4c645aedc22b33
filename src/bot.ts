// The bot role, wired: takes commands from every platform that has credentials. It settles what no handler ended, so that a request
// asked for anywhere never hangs.
import type { Chat } from './chat/chat.ts'
import { openChats } from './chat/chats.ts'
import { startCourier } from './chat/courier-role.ts'
import { discordAccess } from './chat/discord/access.ts'
import type { Settings } from './config.ts'
import type { Log } from './log.ts'
import { startSweeps } from './queue/sweep.ts'
import type { Services } from './services.ts'

export type Bot = { platforms: string[]; stop(): Promise<void> }

/** Waits for no platform: none keeps another from starting. */
export async function startBot(
  settings: Settings,
  services: Services,
  log: Log,
  { chats = openChats(settings) }: { chats?: Chat[] } = {},
): Promise<Bot> {
  const { db, boss } = services
  const sweeps = startSweeps({ db, boss, log })
  const platforms = ['terminal']
  const parts: { stop(): Promise<void> }[] = chats.map((chat) => startCourier({ db, boss, log, chat }))

  const discord = discordAccess(settings)
  if (discord) {
    platforms.push('discord')
    // Its library is loaded only where it is used: a quarter of a second, and 40 MB.
    const { serveDiscord } = await import('./chat/discord/gateway/serve.ts')
    parts.push(serveDiscord(discord, settings, services, log))
  }
  return {
    platforms,
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()))
      await sweeps.stop()
    },
  }
}
