// A band that uses `npm start` as people do, with the real tools and a database of its own, in an internet that is made up: in the room
// and at a terminal beside it.
import type { Refusal, RoomCard, TakenFile } from '../../src/chat/room/wire.ts'
import type { Card } from '../../src/domain/card.ts'
import { createCommandLine, type Run } from './command-line.ts'
import { openFakeWorld, type There } from './fake-world.ts'
import { enterRoom } from './room-visitor.ts'
import { until } from './until.ts'

export type OnlineBand = Awaited<ReturnType<typeof createOnlineBand>>
export type Asked = Awaited<ReturnType<OnlineBand['ask']>>

const ENDED = ['delivered', 'failed', 'cancelled']
/** A song whose length nobody told is as long as this. */
const SECONDS = 200

export async function createOnlineBand(env: Record<string, string> = {}) {
  const internet = await openFakeWorld()
  const cli = await createCommandLine({
    PORT: '0',
    ...internet.environment,
    ...internet.credentials,
    ...env,
  })
  const server = cli.start(['start'])
  await cli.saw(server, /the worker is up/)
  const url = await addressOf(server)
  let people = 0

  /** Somebody new asks in a room of their own. */
  const ask = async (text: string, more: { file?: Buffer; name?: string; at?: string } = {}) => {
    const room = `room-${++people}`
    const person = await enterRoom(more.at ?? url, `Person ${people}`)
    let page = await person.visit(room)
    const answer = more.file ? await (await person.upload(more.file, more.name)).json() : {}
    const uploaded = answer as Partial<TakenFile & Refusal>
    const { error } = await person.say(text, { room, ...(uploaded.file ? { file: uploaded.file } : {}) })
    const refusal = uploaded.error ?? error ?? null
    const shown = () => page.cards().find(({ songs }) => songs) ?? page.cards().at(-1)
    const card = async (is: (card: RoomCard) => boolean, withinSeconds = 60) => {
      if (refusal) throw new Error(`${text} was refused: ${refusal.message} (${refusal.code})`)
      return until(() => page.cards().find(is), withinSeconds).catch((cause) => {
        throw new Error(`not seen of ${text}, but ${JSON.stringify(shown())}`, { cause })
      })
    }
    return {
      room,
      person,
      get page() {
        return page
      },
      /** As a browser does whose page has lost its line. */
      async opensAgain() {
        page = await until(async () => {
          const again = await person.visit(room)
          return again.page.opened > 0 && again
        })
      },
      /** Why there was no request at all. */
      refusal,
      card,
      ended: async (withinSeconds = 60) => {
        const ended = await card(({ state }) => ENDED.includes(state), withinSeconds)
        page.leave()
        return ended
      },
      press: async (action: string, choice?: string) => {
        const [newest] = page.cards()
        const button = choice ? newest?.chooser : newest?.buttons.find((one) => one.action === action)?.button
        return person.press(button ?? '', room, choice)
      },
    }
  }

  return {
    internet,
    cli,
    server,
    url,
    ask,
    /** `npm run separate -- --json`, until its end. */
    async atTerminal(args: string[], more: Record<string, string> = {}) {
      const run = cli.start(['separate', '--json', ...args], more)
      return endOf(run)
    },
    /** The queues of what was done, once each time, on the track that a request was delivered from. */
    workOn(requestId: string) {
      const done = linesOf(server.stderr()).filter(
        ({ event, result }) => event === 'job:stop' && result === 'done',
      )
      const track = done.find(({ owner }) => owner === requestId)?.['track']
      return done.filter((line) => line['track'] === track).map(({ queue }) => String(queue))
    },
  }
}

/** The address of the room that a process opens. */
export function addressOf(run: Run): Promise<string> {
  return until(() => /http:\/\/[\d.]+:\d+/.exec(run.stdout())?.[0], 60)
}

type Line = Record<string, unknown>

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
}

async function endOf(run: Run) {
  const code = await run.ended
  const events = linesOf(run.stdout())
  const cards = events.filter(({ event }) => event === 'card') as unknown as Card[]
  return { code, events, cards, last: events.at(-1), stderr: run.stderr() }
}

/** A song as Spotify, YouTube Music and YouTube have it, all by one number. */
export function songOf(
  number: number,
  title: string,
  more: { artist?: string; seconds?: number; soundSeconds?: number } = {},
) {
  const { artist = 'Band', seconds = SECONDS, soundSeconds = 3 } = more
  const id = String(number).padStart(22, '0')
  const videoId = `video-${number}`.padEnd(11, '_')
  const there = {
    tracks: [{ id, title, artists: [artist], seconds }],
    candidates: [
      { videoId, title, artists: [artist], durationSeconds: seconds, wantedBy: title.toLowerCase() },
    ],
    videos: [{ id: videoId, title, channel: artist, durationSeconds: seconds, length: soundSeconds }],
  } satisfies There
  return {
    id,
    title,
    videoId,
    spotify: `https://open.spotify.com/track/${id}`,
    youtube: `https://www.youtube.com/watch?v=${videoId}`,
    there,
  }
}
