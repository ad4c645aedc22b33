// Socket Mode: Slack's requests through a connection that we open, kept open over whatever breaks it.
import { setTimeout as pause } from 'node:timers/promises'
import { SocketModeReceiver } from '@slack/bolt'
import type { Log } from '../../../log.ts'
import { boltLogger } from './bolt-logger.ts'

const OPEN_SECONDS = 20
const FIRST_PAUSE_SECONDS = 0.5
const LONGEST_PAUSE_SECONDS = 60
/** What no pause mends. https://docs.slack.dev/reference/methods/apps.connections.open#errors */
const REFUSALS =
  /not_authed|invalid_auth|account_inactive|user_removed_from_team|team_disabled|token_revoked|no_permission|missing_scope|not_allowed_token_type/

export type Connection = { receiver: SocketModeReceiver; open(): void; close(): Promise<void> }

/**
 * The library's own way to reconnect is deaf for five seconds and ends the process when Slack says no, so it is not used. Slack
 * closes every connection after some hours.
 */
export function createSocket(
  { apiUrl, appToken }: { apiUrl: string; appToken: string },
  log: Log,
): Connection {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(log),
    autoReconnectEnabled: false,
    installerOptions: {
      clientOptions: {
        slackApiUrl: apiUrl,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: OPEN_SECONDS * 1000,
      },
    },
  })
  const { client } = receiver
  const closing = new AbortController()

  const openOnce = async () => {
    const late = AbortSignal.any([AbortSignal.timeout(OPEN_SECONDS * 1000), closing.signal])
    const gaveUp = new Promise<never>((_resolve, reject) =>
      late.addEventListener('abort', () => reject(new Error('Slack did not open a connection in time'))),
    )
    const opening = receiver.start()
    opening.catch(() => {})
    try {
      await Promise.race([opening, gaveUp])
    } catch (error) {
      gaveUp.catch(() => {})
      if (late.aborted) await disconnect()
      throw error
    }
    gaveUp.catch(() => {})
  }
  const disconnect = () =>
    Promise.race([client.disconnect(), pause(1000, undefined, { ref: false })]).catch(() => {})

  const keepOpen = async () => {
    let seconds = FIRST_PAUSE_SECONDS
    let wasOpen = false
    while (!closing.signal.aborted) {
      try {
        const lost = new Promise<void>((resolve) => client.once('disconnected', () => resolve()))
        await openOnce()
        if (!wasOpen) log.info('listening at Slack')
        wasOpen = true
        seconds = FIRST_PAUSE_SECONDS
        await lost
        log.debug('Slack closed the connection; another is opened')
      } catch (error) {
        if (closing.signal.aborted) return
        const why = error instanceof Error ? error.message : String(error)
        if (REFUSALS.test(why)) {
          log.error(
            { why },
            'Slack does not accept SLACK_APP_TOKEN: copy it anew, with connections:write, from the Basic Information of your app. Until then commands are not heard.',
          )
          return
        }
        log.warn({ why, againInSeconds: seconds }, 'Slack cannot be reached')
        await pause(seconds * 1000, undefined, { signal: closing.signal }).catch(() => {})
        seconds = Math.min(seconds * 2, LONGEST_PAUSE_SECONDS)
      }
    }
  }
  let keeping: Promise<void> | undefined

  return {
    receiver,
    open() {
      keeping ??= keepOpen()
    },
    async close() {
      closing.abort()
      await disconnect()
      await keeping
    },
  }
}
