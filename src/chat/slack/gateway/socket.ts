// Socket Mode: Slack's requests through a connection that we open, kept open over whatever breaks it.
import { setTimeout as pause } from 'node:timers/promises'
import { SocketModeReceiver } from '@slack/bolt'
import { WebAPIRateLimitedError } from '@slack/web-api'
import type { Log } from '../../../log.ts'
import { boltLogger } from './bolt-logger.ts'
import { isObject, objectIn } from './json-object.ts'

const OPEN_SECONDS = 20
const CLOSE_SECONDS = 1
/** A connection that lived for less is no reason to open the next at once. */
const LIVED_SECONDS = 1
const FIRST_PAUSE_SECONDS = 0.5
const LONGEST_PAUSE_SECONDS = 60
/** What only an operator mends, and may. https://docs.slack.dev/reference/methods/apps.connections.open#errors */
const REFUSALS =
  /not_authed|invalid_auth|account_inactive|user_removed_from_team|team_disabled|token_revoked|no_permission|missing_scope|not_allowed_token_type/
const REFUSED_PAUSE_SECONDS = 300

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
  takeWholeFramesOnly(client)
  const closing = new AbortController()
  const closed = new Promise<void>((resolve) =>
    closing.signal.addEventListener('abort', () => resolve(), { once: true }),
  )

  const disconnect = () =>
    Promise.race([client.disconnect(), pause(CLOSE_SECONDS * 1000, undefined, { ref: false })]).catch(
      () => {},
    )
  /** Settled when Slack has said hello. */
  const open = async () => {
    const timer = new AbortController()
    const late = pause(OPEN_SECONDS * 1000, 'late' as const, { signal: timer.signal, ref: false })
    late.catch(() => {})
    try {
      const ended = await Promise.race([receiver.start(), late, closed])
      if (ended === 'late') throw new Error('Slack did not open a connection in time')
    } catch (error) {
      await disconnect()
      throw error ?? new Error('Slack closed the connection before it was open')
    } finally {
      timer.abort()
    }
  }

  let wasOpen = false
  /** One connection from its opening to its end. @returns whether it was of use */
  const serve = async (): Promise<boolean> => {
    const lost = Promise.withResolvers<void>()
    client.once('disconnected', lost.resolve)
    try {
      await open()
      const openedAt = performance.now()
      if (!wasOpen) log.info('listening at Slack')
      wasOpen = true
      await Promise.race([lost.promise, closed])
      return performance.now() - openedAt > LIVED_SECONDS * 1000
    } finally {
      client.off('disconnected', lost.resolve)
    }
  }

  const keepOpen = async () => {
    let seconds = FIRST_PAUSE_SECONDS
    while (!closing.signal.aborted) {
      let waitSeconds = seconds
      try {
        if (await serve()) {
          seconds = FIRST_PAUSE_SECONDS
          continue
        }
      } catch (error) {
        if (closing.signal.aborted) return
        waitSeconds = Math.max(seconds, pauseAfter(error))
        const why = error instanceof Error ? error.message : String(error)
        if (REFUSALS.test(why)) log.error({ why }, REFUSED)
        else log.warn({ why, againInSeconds: waitSeconds }, 'Slack cannot be reached')
      }
      await Promise.race([pause(waitSeconds * 1000, undefined, { ref: false }), closed])
      seconds = Math.min(seconds * 2, LONGEST_PAUSE_SECONDS)
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

const REFUSED =
  'Slack does not accept SLACK_APP_TOKEN: copy it anew, with connections:write, from the Basic Information of your app. Until then commands are not heard.'

/** The least that this failure asks for. */
function pauseAfter(error: unknown): number {
  if (error instanceof WebAPIRateLimitedError) return error.retryAfter
  return error instanceof Error && REFUSALS.test(error.message) ? REFUSED_PAUSE_SECONDS : 0
}

/** The library would end the process over a frame that makes no sense. */
function takeWholeFramesOnly(client: SocketModeReceiver['client']): void {
  const emit = client.emit.bind(client) as (event: string, ...args: unknown[]) => boolean
  client.emit = ((event: string, ...args: unknown[]) =>
    event === 'ws_message' && !isWhole(String(args[0])) ? false : emit(event, ...args)) as typeof client.emit
}

function isWhole(frame: string): boolean {
  const envelope = objectIn(frame)
  if (envelope?.['type'] !== 'events_api') return envelope !== undefined
  const { payload } = envelope
  return isObject(payload) && isObject(payload['event'])
}
