// The room's addresses below /api/room/: what its page asks for. wire.ts says what each takes and gives.
import { Hono } from 'hono'
import { z } from 'zod'
import { UserError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { listRooms, ROOM, shownInRoom } from '../../store/room-messages.ts'
import type { RoomPerson } from '../../store/room-people.ts'
import type { WebApp, WebContext, WebEnv } from '../../web/app.ts'
import { EVENT_STREAM } from '../../web/event-stream.ts'
import { jsonBody } from '../../web/json-body.ts'
import { sameSite } from '../../web/same-site.ts'
import { roomCommands } from './commands.ts'
import { assertOpen, enter, isManager, personOf, type Secrets } from './door.ts'
import type { Live } from './live.ts'
import { roomMessage } from './messages.ts'
import { refuse } from './refuse.ts'
import { type Here, press, type SayDeps, say, saySample } from './say.ts'
import { streamOf } from './stream.ts'
import { takeUploads } from './uploads.ts'
import type { Me, RoomEvents } from './wire.ts'

export type ApiDeps = SayDeps & { log: Log; live: Live; secrets: Secrets }

const API = '/api/room'
const MESSAGES_AT_ONCE = 50
const MOST_ROOMS = 200
const ROOM_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/
const LONGEST_WORDS = 4000

const nonce = z.uuid()
const entry = z.object({ name: z.string().max(200), secret: z.string().max(500).optional() })
const said = z.object({
  nonce,
  text: z.string().max(LONGEST_WORDS),
  file: z.string().max(500).optional(),
})
const pressed = z.object({ nonce, button: z.string().max(100), choice: z.string().max(500).optional() })
const sample = z.object({ nonce })

export function roomApi(given: ApiDeps): WebApp {
  const { db, log, live, secrets, commands, maxUploadBytes } = given
  const upload = takeUploads(given.files, maxUploadBytes)
  const app = new Hono<WebEnv>()

  app.onError((error, context) => refuse(context, error, log))
  app.use(`${API}/*`, async (context, next) => {
    assertOpen(context, secrets)
    await next()
    context.header('Cache-Control', 'no-store')
  })
  app.use(`${API}/*`, sameSite)

  const whoIs = async (context: WebContext): Promise<RoomPerson> => {
    const person = await personOf(context, db, secrets)
    if (!person) throw new UserError('not_entered')
    return person
  }
  const hereOf = async (context: WebContext): Promise<Here> => {
    const room = context.req.param('room') ?? ''
    if (!ROOM_NAME.test(room)) throw new UserError('no_such_room')
    const person = await whoIs(context)
    return { room, person, manages: isManager(person, secrets) }
  }
  /** The page that they have open is where they reach us. */
  const depsFor = (context: WebContext): SayDeps => ({
    ...given,
    publicUrl: given.publicUrl ?? new URL(context.req.url).origin,
  })
  const messagesOf = async (room: string, beforeId: string | null) => {
    const shown = await shownInRoom(db, room, { beforeId, limit: MESSAGES_AT_ONCE + 1 })
    const newest = shown.slice(0, MESSAGES_AT_ONCE).map((one) => roomMessage(given, one))
    const messages = (await Promise.all(newest)).reverse()
    return { messages, hasEarlier: shown.length > MESSAGES_AT_ONCE }
  }
  /** Whoever wants to read a room while it is being read gets the same, as all do after the database was away. */
  const reading = new Map<string, ReturnType<typeof messagesOf>>()
  const newestOf = (room: string) => {
    const read = reading.get(room) ?? messagesOf(room, null).finally(() => reading.delete(room))
    reading.set(room, read)
    return read
  }

  app.get(`${API}/me`, async (context) => {
    const person = await personOf(context, db, secrets)
    const me: Me = {
      person: person ? { id: person.id, name: person.name } : null,
      needsSecret: secrets.access !== undefined && !person,
      maxUploadBytes,
    }
    return context.json(me)
  })

  app.post(`${API}/enter`, async (context) => {
    const person = await enter(context, db, secrets, await jsonBody(context, entry))
    live.rename(person)
    const { id, name } = person
    return context.json({ person: { id, name }, needsSecret: false, maxUploadBytes } satisfies Me)
  })

  app.get(`${API}/commands`, (context) => context.json(roomCommands(commands)))

  app.get(`${API}/rooms`, async (context) => {
    await whoIs(context)
    return context.json({ rooms: await listRooms(db, MOST_ROOMS) })
  })

  app.get(`${API}/rooms/:room/events`, async (context) => {
    const { room, person, manages } = await hereOf(context)
    const visit = live.visit(room, person)
    if (!visit) throw new UserError('too_many_visits')
    const readRoom = async () => {
      const you = { id: person.id, name: person.name }
      const shown = { name: room, you, isManager: manages, ...(await newestOf(room)) }
      return JSON.stringify(shown satisfies RoomEvents['room'])
    }
    return context.body(streamOf(visit, readRoom, context.env.outgoing, log), 200, EVENT_STREAM)
  })

  app.get(`${API}/rooms/:room/messages`, async (context) => {
    const { room } = await hereOf(context)
    return context.json(await messagesOf(room, context.req.query('before') ?? null))
  })

  app.post(`${API}/rooms/:room/messages`, async (context) => {
    const here = await hereOf(context)
    const answer = await say(await jsonBody(context, said), here, depsFor(context))
    return context.json({ answer })
  })

  app.post(`${API}/rooms/:room/sample`, async (context) => {
    const here = await hereOf(context)
    const { nonce } = await jsonBody(context, sample)
    return context.json({ answer: await saySample(nonce, here, depsFor(context)) })
  })

  app.post(`${API}/rooms/:room/press`, async (context) => {
    const here = await hereOf(context)
    await press(await jsonBody(context, pressed), here, depsFor(context))
    return context.json({})
  })

  app.get(`${API}/rooms/:room/suggestions`, async (context) => {
    const { room, person, manages } = await hereOf(context)
    const { command, option, text = '' } = context.req.query()
    const offered = new Map(Object.entries(commands.find(({ name }) => name === command)?.suggest ?? {}))
    const suggest = offered.get(option ?? '')
    const asker = {
      platform: ROOM,
      app: ROOM,
      person: person.id,
      workspace: '',
      channel: room,
      manager: manages,
    }
    return context.json({ suggestions: suggest ? await suggest(text, asker, depsFor(context)) : [] })
  })

  app.put(`${API}/files`, async (context) => {
    const { id } = await whoIs(context)
    return context.json(await upload(context.env.incoming, id, context.req.query('name') ?? ''))
  })

  return app
}
