// What the room's server and page say to each other, as JSON. Addresses begin with a slash.
import type { Option } from '../../../commands/options.ts'
import type { Card, CardAction } from '../../domain/card.ts'

export type Person = { id: string; name: string }

/** A file of a message. */
export type RoomFile = { name: string; address: string; bytes: number }

/** A request as it is shown in its message. */
export type RoomCard = Omit<Card, 'person' | 'coverUrl' | 'link' | 'actions'> & {
  cover: string | null
  /** Handed back in a press as `button`. */
  buttons: { button: string; action: CardAction; label: string }[]
  /** The `button` of a press that says which of the choices it is. */
  chooser: string
  /** There once it is delivered; `type` is the MIME type. */
  stems: (RoomFile & { stem: string; type: string })[]
  zip: RoomFile | null
  /** The results page. */
  page: string | null
}

/**
 * `said` has words, `request` has a card. Known by `id`; a message with an id that is there already takes its place. `at` never changes:
 * when it was said or asked for; of a song of a list, which is no message before, when it was delivered.
 */
export type RoomMessage = { id: string; at: string; person: Person } & (
  | { kind: 'said'; text: string }
  | { kind: 'request'; card: RoomCard }
)

/** The events of a room's stream: name and data. */
export type RoomEvents = {
  /** First of all, and after each reconnection: what the room shows now, the oldest first. Replaces all that is shown. */
  room: { name: string; you: Person; isManager: boolean; messages: RoomMessage[]; hasEarlier: boolean }
  /** New, or changed. */
  message: RoomMessage
  /** Names of those who are here. */
  people: { names: string[] }
}

export type { Option }
export type RoomCommand = { name: string; description: string; usage: string; options: Option[] }

/** Lines may hold `#12`, the message of a request that is in this room, and `@name`. */
export type Answer = { title: string; lines: string[] }

/** The body of every answer that is not well. */
export type Refusal = { error: { code: string; message: string } }

/**
 * GET    /api/room/me                                 -> Me
 * POST   /api/room/enter         Entry                -> Me; sets the cookie; 403 with `wrong_secret`
 * GET    /api/room/commands                           -> RoomCommand[]
 * GET    /api/room/rooms                              -> { rooms: string[] }
 * GET    /api/room/rooms/:room/events                 -> text/event-stream of RoomEvents; 401 `not_entered`
 * GET    /api/room/rooms/:room/messages?before=ID     -> { messages, hasEarlier }, the oldest first
 * POST   /api/room/rooms/:room/messages  Said         -> { answer: Answer | null }
 * POST   /api/room/rooms/:room/sample    { nonce }    -> { answer: Answer | null }
 * POST   /api/room/rooms/:room/press     Press        -> {}
 * GET    /api/room/rooms/:room/suggestions?command=&option=&text=  -> { suggestions: { label, value }[] }
 * PUT    /api/room/files?name=NAME       the bytes    -> TakenFile; 413 `too_large`, 429 `too_many_uploads` with Retry-After
 */
export type Me = {
  person: Person | null
  /** Whether entering takes the room's secret. */
  needsSecret: boolean
  /** The largest file that is taken. */
  maxUploadBytes: number
}
export type Entry = { name: string; secret?: string | undefined }
/** `nonce` is a UUID that the page makes: the same one given again is not done twice. */
export type Said = {
  nonce: string
  /** A command where it begins with a slash, words to all otherwise. */
  text: string
  /** Of a TakenFile; makes a text that is no command a `/separate`. */
  file?: string | undefined
}
/** `choice`: the `value` of what was chosen, with a card's `chooser`. The button of `wrong` asks for `/wrong NUMBER LINK` instead. */
export type Press = { nonce: string; button: string; choice?: string | undefined }
export type TakenFile = { file: string; name: string; bytes: number }
