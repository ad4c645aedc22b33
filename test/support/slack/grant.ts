// An installation and its token.
import { randomBytes } from 'node:crypto'
import { newDigits, newId } from './ids.ts'
import { User } from './user.ts'
import type { Enterprise, Workspace, World } from './world.ts'

/** What the app asks for, unless a test asks for something else. */
export const SCOPES = [
  'channels:history',
  'channels:join',
  'channels:read',
  'chat:write',
  'commands',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'mpim:history',
  'users:read',
]

/** One installation: in a workspace, or in a whole organisation. */
export class Grant {
  readonly token = `xoxb-${newDigits(12)}-${newDigits(13)}-${randomBytes(18).toString('hex').slice(0, 24)}`
  readonly botId = newId('B')
  readonly botUser: User
  readonly workspace: Workspace | undefined
  readonly enterprise: Enterprise | undefined
  scopes: string[]
  /** The error every call gets from then on. */
  dead: 'token_revoked' | 'account_inactive' | undefined

  constructor(world: World, of: { workspace?: Workspace; enterprise?: Enterprise; scopes: string[] }) {
    this.workspace = of.workspace
    this.enterprise = of.enterprise
    this.scopes = [...of.scopes]
    this.botUser = new User(world, { workspace: of.workspace, name: world.botName, bot: true })
    world.grants.set(this.token, this)
  }

  get isForOrganisation(): boolean {
    return this.workspace === undefined
  }

  /** Of the workspace or the organisation. */
  get teamId(): string {
    return (this.workspace ?? this.enterprise)?.id ?? ''
  }

  reaches(workspace: Workspace): boolean {
    return this.workspace ? this.workspace === workspace : workspace.enterprise === this.enterprise
  }
}
