// A person, or the app's own user.
import { newId } from './ids.ts'
import type { Workspace, World } from './world.ts'

export class User {
  readonly id: string
  readonly name: string
  readonly workspace: Workspace | undefined
  readonly isBot: boolean
  isAdmin: boolean

  constructor(
    world: World,
    wish: { workspace?: Workspace | undefined; name?: string; admin?: boolean; bot?: boolean },
  ) {
    this.id = newId('U')
    this.name = wish.name ?? `person${this.id.slice(-4).toLowerCase()}`
    this.workspace = wish.workspace
    this.isBot = wish.bot ?? false
    this.isAdmin = wish.admin ?? false
    world.users.set(this.id, this)
  }
}
