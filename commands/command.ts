// What a person can type, defined once for every platform.
import type { z } from 'zod'
import type { FileSource } from '../src/domain/source.ts'
import type { Files } from '../src/files/files.ts'
import type { Boss } from '../src/queue/boss.ts'
import type { Database } from '../src/store/database.ts'
import type { Interaction } from '../src/store/requests.ts'

export type CommandDeps = { db: Database; boss: Boss; files: Files; defaultModel: string }

export type Invocation<Options> = {
  interaction: Interaction
  options: Options
  /** The file that came with the command, taken in already. */
  file: FileSource | null
  /** Whether the same command given again takes up its own open request: true where no message shows it. */
  resumes: boolean
}

export type Command<Schema extends z.ZodObject, Reply> = {
  name: string
  description: string
  /** Each option's `describe()` is its help text. */
  options: Schema
  run(invocation: Invocation<z.infer<Schema>>, deps: CommandDeps): Promise<Reply>
}
