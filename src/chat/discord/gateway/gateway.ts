// Receives interactions as long as the bot runs: opens the session, comes again when Discord was away, and ends with every answer given.
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import type { DiscordAccess } from '../rest.ts'
import type { Given } from './interaction.ts'
import { openSession, type Session, type Shards } from './session.ts'

type GatewayDeps = {
  access: DiscordAccess
  shards: Shards | undefined
  log: Log
  answer: (given: Given) => Promise<void>
  /** Called whenever a session was opened anew. */
  onOpen: () => Promise<void>
}
export type Gateway = { stop(): Promise<void> }

const FIRST_PAUSE_SECONDS = 1
const LONGEST_PAUSE_SECONDS = 60
/** An answer has three seconds. */
const LAST_ANSWERS_SECONDS = 4

/** Returns at once; a Discord that is away, or a wrong token, keeps nothing else from starting. */
export function startGateway({ access, shards, log, answer, onOpen }: GatewayDeps): Gateway {
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  let session: Session | undefined
  const lost = new Set<number>()

  const onInteraction = (given: Given) => {
    const answering = answer(given).finally(() => underWay.delete(answering))
    underWay.add(answering)
  }
  const onConnection = (state: 'lost' | 'back', shard: number) => {
    // It is lost again with every attempt that fails.
    if (stopping.signal.aborted || lost.has(shard) === (state === 'lost')) return
    if (state === 'lost') {
      lost.add(shard)
      log.warn({ shard }, 'the connection to Discord is lost; it is opened again')
    } else {
      lost.delete(shard)
      log.info({ shard }, 'the connection to Discord is back')
    }
  }
  const onRefused = (why: UserError) => {
    if (stopping.signal.aborted) return
    log.error({ code: why.code }, `${why.message} Until then Discord's commands are not heard.`)
    session?.close().catch(() => {})
  }

  const open = async () => {
    let seconds = FIRST_PAUSE_SECONDS
    while (!stopping.signal.aborted) {
      try {
        session = await openSession(access, shards, { onInteraction, onConnection, onRefused })
        if (stopping.signal.aborted) return await session.close()
        log.info('listening at Discord')
        await onOpen()
        return
      } catch (error) {
        if (stopping.signal.aborted) return
        if (error instanceof UserError) return onRefused(error)
        const why = error instanceof Error ? error.message : String(error)
        log.warn({ why, againInSeconds: seconds }, 'Discord cannot be reached')
        await pause(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => {})
        seconds = Math.min(seconds * 2, LONGEST_PAUSE_SECONDS)
      }
    }
  }
  const opening = open()

  return {
    async stop() {
      stopping.abort()
      const limit = pause(LAST_ANSWERS_SECONDS * 1000, undefined, { ref: false })
      // First, so that nothing is heard that is not answered; answers go by REST.
      await Promise.race([session?.close(), limit])
      await Promise.race([opening, limit])
      await Promise.race([Promise.allSettled(underWay), limit])
    },
  }
}
