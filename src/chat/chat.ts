// The port to a chat platform, as the courier and delivery see it. Every call ends within a limit of its own, and fails with a
// ChatError whose code says what to do. No call is repeated by the platform's side of the port.
import type { Card } from '../domain/card.ts'
import type { Pacing } from '../domain/pace.ts'
import type { Place } from '../domain/source.ts'
import type { Message } from '../store/messages.ts'

/** A file for a message: `name` and `description` as people see them, `path` on this machine. */
export type Attachment = { name: string; description: string; path: string; bytes: number }

export type Chat = {
  platform: string
  /** The application whose messages these are. */
  app: string
  /** How often messages may be edited. */
  pacing: Pacing
  /** Whether an interaction's secret edits the message it answered with, and so no other. */
  tokenEdits: boolean
  /** A post that was given up may take effect until then; 0 where posting it once more makes no second one. */
  doubtSeconds: number
  /** Attachments that one message holds. */
  maxFiles: number
  /** Whether the song's waveform goes with its stems, as a picture takes little room there. */
  waveformWithStems: boolean
  /** The largest file that this message takes now, in bytes. */
  maxFileBytes(message: Message): Promise<number>
  /** The id of the message that shows this request already, if the platform has one. */
  find(message: Message): Promise<{ id: string } | 'absent'>
  /** Posts a new message. @returns its id */
  post(message: Message, card: Card): Promise<string>
  /** Writes the card, and nothing but its text and buttons. */
  edit(message: Message, card: Card): Promise<void>
  /**
   * Makes these the files of the message, each once, also when called again after half of it was done.
   * @param text for the person who asked, where files come with words and a mention; null where they are told of more at once
   * @param turn to be waited for before each edit of the message
   * @returns whether the person was mentioned by it
   */
  attach(
    message: Message,
    files: Attachment[],
    text: string | null,
    turn: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<{ mentioned: boolean }>
  /** Replies to the message with a mention of the person who asked, once however often it is called. */
  mention(message: Message, text: string): Promise<void>
  /** What a file given in a place is fetched with from the platform's own servers: an HTTP Authorization, or nothing. */
  fileAuthorization(place: Place | null): Promise<string | null>
  /** Says something to the person who asked alone. @returns false when they cannot be reached */
  tell(message: Message, text: string): Promise<boolean>
}
