// The bot role, wired: takes commands from every platform that has credentials, and in the room, which needs none. It settles what no
// handler ended, so that a request asked for anywhere never hangs.
import type { Chat } from './chat/chat.ts'
import { openChats } from './chat/chats.ts'
import { commandDepsOf } from './chat/command-deps.ts'
import { courierLease, startCourier } from './chat/courier-role.ts'
import { discordAccess } from './chat/discord/access.ts'
import { serveRoom } from './chat/room/serve.ts'
import { slackAccess } from './chat/slack/access.ts'
import type { Settings } from './config.ts'
import type { Log } from './log.ts'
import { openMonitoring } from './monitoring.ts'
import { startSweeps } from './queue/sweep.ts'
import type { Services } from './services.ts'
import { serveAdmin } from './web/admin/serve.ts'
import { nodeRoutes } from './web/node-routes.ts'
import { assets, openPage } from './web/pages.ts'
import { resultsApp } from './web/results/app.ts'
import { startWebServer } from './web/server.ts'

/** `url` is where its web server answers, with the room. */
export type Bot = { platforms: string[]; url: string; stop(): Promise<void> }

/** Waits for no platform: none keeps another from starting. */
export async function startBot(
  settings: Settings,
  services: Services,
  log: Log,
  { chats = openChats(settings, services.db) }: { chats?: Chat[] } = {},
): Promise<Bot> {
  const { db, boss, files } = services
  const platforms = ['terminal', 'room']
  const sweeps = startSweeps({ db, boss, files, log })
  const parts: { stop(): Promise<void> }[] = chats.map((chat) => startCourier({ db, boss, files, log, chat }))
  let room: Awaited<ReturnType<typeof serveRoom>> | undefined
  let admin: Awaited<ReturnType<typeof serveAdmin>> | undefined
  let web: Awaited<ReturnType<typeof startWebServer>> | undefined
  const stop = async () => {
    await Promise.all([room?.stop(), admin?.stop()])
    await web?.stop()
    await Promise.all(parts.map((part) => part.stop()))
    await sweeps.stop()
  }
  try {
    const discord = discordAccess(settings)
    if (discord) {
      platforms.push('discord')
      // Its library is loaded only where it is used: a quarter of a second, and 40 MB.
      const { serveDiscord } = await import('./chat/discord/gateway/serve.ts')
      parts.push(serveDiscord(discord, settings, services, log))
    }
    const monitoring = await openMonitoring(settings, services, log)
    parts.push(monitoring)
    room = await serveRoom(settings, services, log)
    admin = await serveAdmin({
      ...commandDepsOf(settings, services),
      log,
      secret: settings.ADMIN_SECRET,
      metrics: monitoring.text,
      couriers: chats.map((chat) => ({ platform: chat.platform, lease: courierLease(chat) })),
    })
    const apps = [
      assets(),
      ...monitoring.apps,
      room.app,
      admin.app,
      resultsApp({ db, files, page: openPage('results.html') }),
    ]
    const slack = slackAccess(settings)
    if (slack) {
      platforms.push('slack')
      const { serveSlack } = await import('./chat/slack/gateway/serve.ts')
      const served = serveSlack(slack, settings, services, log)
      parts.push(served)
      apps.push(nodeRoutes(served.routes))
    }
    web = await startWebServer({ host: settings.HOST, port: settings.PORT }, apps, log)
    return { platforms, url: web.url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
