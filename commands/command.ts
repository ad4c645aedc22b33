// What a person can type, defined once for every platform: Discord's JSON, the parsers, the usage and the help are made from it.
import type { z } from 'zod'
import type { Door } from '../src/domain/doors.ts'
import type { GivenFile } from '../src/domain/source.ts'
import type { Files } from '../src/files/files.ts'
import type { Boss } from '../src/queue/boss.ts'
import type { Claimed } from '../src/queue/claim.ts'
import type { Database } from '../src/store/database.ts'
import type { NewMessage } from '../src/store/messages.ts'
import type { Interaction } from '../src/store/requests.ts'
import type { Spelling } from './options.ts'

export type CommandDeps = {
  db: Database
  boss: Boss
  files: Files
  defaultModel: string
  /** Requests that one person may have under way. */
  maxOpenRequests: number
  /** Ways in which songs are taken. */
  doors: readonly Door[]
  /** Where people reach the web server; null where they do not. */
  publicUrl: string | null
}

/** Who gives a command, and where. `manager`: may manage the server, or moderate its messages. */
export type Asker = Omit<Interaction, 'externalId'> & { manager: boolean }

export type Invocation<Options> = {
  interaction: Interaction
  manager: boolean
  options: Options
  /** The file that came with the command. */
  file: GivenFile | null
  /** How the platform will show the request; null where no message does. */
  message: NewMessage | null
  /** Whether the same command given again takes up its own open request: true where no message shows it. */
  resumes: boolean
  /** How the platform's people write commands. */
  spelling: Spelling
  /** What was asked before counts no more, as its message is gone. */
  anew?: boolean
}

/** An answer for the person who asked alone. Lines are plain text; a person is written as `@{id}`, a request's message as `#{number}`, an address as `&{address}`. */
export type TextReply = { kind: 'text'; title: string; lines: string[] }
/** A request and how it stands; its card is the answer. */
export type RequestReply = { kind: 'request' } & Claimed
export type Reply = TextReply | RequestReply

export type Suggestion = { label: string; value: string }

export type Command<Schema extends z.ZodObject = z.ZodObject, R extends Reply = Reply> = {
  name: string
  description: string
  /** Each option's `describe()` is its help text; types, choices and limits are read off the schema by options.ts. */
  options: Schema
  /** Help text of the file that may come with the command; null where none may. */
  file: string | null
  /** The name under which a message with a file offers the command. */
  onMessage: string | null
  access: 'everyone' | 'managers'
  /** Whether it changes something besides making a request, and so is done once however often a platform tells of it. */
  once: boolean
  /** Options as a person might give them. */
  examples: Record<string, string | number>[]
  /** Completes what is typed for an option, at most 25. */
  suggest: Partial<
    Record<
      keyof z.infer<Schema> & string,
      (text: string, asker: Asker, deps: CommandDeps) => Promise<Suggestion[]>
    >
  >
  run(invocation: Invocation<z.infer<Schema>>, deps: CommandDeps): Promise<R>
}
