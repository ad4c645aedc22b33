// The pages by which a workspace installs the app: one sends a person to Slack, the other takes what Slack sends back.
import { hkdfSync } from 'node:crypto'
import { InstallProvider } from '@slack/oauth'
import type { Log } from '../../../log.ts'
import type { Route } from '../../../web/node-routes.ts'
import type { Installations } from '../installations.ts'
import { BOT_SCOPES, OPTIONAL_SCOPES, REDIRECT_PATH } from '../manifest.ts'
import { boltLogger } from './bolt-logger.ts'

const INSTALL_PATH = '/slack/install'
const TIMEOUT_MS = 15_000
const NOT_INSTALLED = `<!doctype html><meta charset="utf-8"><title>Not installed</title><p>The app was not installed. <a href="${INSTALL_PATH}">Try again</a></p>`

export function installRoutes(
  {
    apiUrl,
    client,
    publicUrl,
  }: { apiUrl: string; client: { id: string; secret: string }; publicUrl: string | undefined },
  installations: Installations,
  log: Log,
): Route[] {
  const provider = new InstallProvider({
    clientId: client.id,
    clientSecret: client.secret,
    // Signs what comes back from Slack; a restart in between does no harm.
    stateSecret: Buffer.from(
      hkdfSync('sha256', client.secret, 'sound-forge-alchemy', 'slack install state', 32),
    ).toString('hex'),
    // Straight to Slack, which asks everything itself.
    directInstall: true,
    authorizationUrl: new URL('../oauth/v2/authorize', apiUrl).href,
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: TIMEOUT_MS },
    installationStore: {
      storeInstallation: (installation) => installations.save(installation),
      fetchInstallation: () => Promise.reject(new Error('installations are read from their own store')),
    },
    logger: boltLogger(log),
  })
  const redirectUri = publicUrl ? `${publicUrl.replace(/\/+$/, '')}${REDIRECT_PATH}` : undefined
  const wishes = { scopes: [...BOT_SCOPES, ...OPTIONAL_SCOPES], ...(redirectUri ? { redirectUri } : {}) }
  return [
    {
      method: 'GET',
      path: INSTALL_PATH,
      handle: (request, response) => provider.handleInstallPath(request, response, undefined, wishes),
    },
    {
      method: 'GET',
      path: REDIRECT_PATH,
      handle: (request, response) =>
        provider.handleCallback(request, response, {
          failure: (error, _wishes, _request, answer) => {
            log.warn({ code: error.code }, 'a workspace did not install the app')
            answer.writeHead(400, { 'Content-Type': 'text/html; charset=utf-8' }).end(NOT_INSTALLED)
          },
        }),
    },
  ]
}
