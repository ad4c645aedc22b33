// Slack, wired: commands come by signed requests or through a socket, the Web API says what there is to say.
import { COMMANDS } from '../../../../commands/index.ts'
import type { Settings } from '../../../config.ts'
import type { Log } from '../../../log.ts'
import type { Services } from '../../../services.ts'
import type { InstallationKey } from '../../../store/slack-installations.ts'
import type { Route } from '../../../web/node-routes.ts'
import { commandDepsOf } from '../../command-deps.ts'
import { fileOrigins, type SlackAccess } from '../access.ts'
import { openInstallations } from '../installations.ts'
import { createSlackWeb } from '../web.ts'
import { listen } from './app.ts'
import { installRoutes } from './install.ts'
import { createManagers } from './managers.ts'
import { forget } from './removed.ts'
import { createRequests } from './requests.ts'
import { createSocket } from './socket.ts'

const LAST_ANSWERS_MS = 3_000

/** @returns the addresses that the process's web server is to serve */
export function serveSlack(
  access: SlackAccess,
  settings: Settings,
  services: Services,
  log: Log,
): { routes: Route[]; stop(): Promise<void> } {
  const { db, boss, files } = services
  const { apiUrl, client } = access
  const installations = openInstallations(access, db)
  const web = createSlackWeb({ apiUrl, installations, single: client === null })
  const deps = {
    ...commandDepsOf(settings, services),
    web,
    log,
    commands: COMMANDS,
    maxUploadBytes: settings.MAX_UPLOAD_BYTES,
    origins: fileOrigins(access),
    isManager: createManagers(web),
  }
  const onRemoved = async (key: InstallationKey, at: Date) => {
    await forget(key, at, { installations, db, boss, files })
    log.info(key, 'a workspace has removed the app')
  }
  const pages = client
    ? installRoutes({ apiUrl, client, publicUrl: settings.PUBLIC_URL }, installations, log)
    : []

  const { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = settings
  if (appToken) {
    const socket = createSocket({ apiUrl, appToken }, log)
    const answers = listen(socket.receiver, deps, onRemoved)
    socket.open()
    return {
      routes: pages,
      async stop() {
        // While it is open, as that is how they are acknowledged.
        await within(answers.settled())
        await socket.close()
      },
    }
  }
  if (signingSecret) {
    const { receiver, route } = createRequests(signingSecret, log)
    const answers = listen(receiver, deps, onRemoved)
    return { routes: [route, ...pages], stop: () => within(answers.settled()) }
  }
  log.error(
    'Slack cannot be heard: set SLACK_APP_TOKEN for a socket, or SLACK_SIGNING_SECRET for requests to your address.',
  )
  return { routes: pages, stop: async () => {} }
}

async function within(settled: Promise<void>): Promise<void> {
  await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS).unref())])
}
