// Who sits at this terminal.
import { userInfo } from 'node:os'

/** The account's name; its number where it has none, as in some containers. */
export function personHere(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
