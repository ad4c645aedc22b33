// By whose token a workspace is reached: its own installation's, or the one of a bot that has a single workspace.
import type { Installation } from '@slack/oauth'
import { ChatError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import {
  findInstallation,
  type InstallationKey,
  keyText,
  parseKey,
  removeInstallation,
  saveInstallation,
} from '../../store/slack-installations.ts'
import type { SlackAccess } from './access.ts'
import { seal, unseal } from './sealing.ts'

export type Installations = {
  /** @throws ChatError `chat_forbidden` where the app was removed */
  tokenOf(key: InstallationKey): Promise<string>
  /** A whole enterprise is kept without a team. */
  save(installation: Installation): Promise<void>
  /** @param at when it was removed */
  remove(key: InstallationKey, at: Date): Promise<void>
}

const UNREADABLE = 'My token for this workspace can be read no more: install me again, then retry.'
export const REMOVED = 'I am not installed in this workspace any more: install me again, then retry.'

export function openInstallations({ botToken, client }: SlackAccess, db: Database): Installations {
  return {
    async tokenOf(key) {
      const found = client ? await findInstallation(db, key) : undefined
      if (!found || !client) {
        if (botToken) return botToken
        throw new ChatError('chat_forbidden', { sentence: REMOVED })
      }
      const text = unseal(client.secret, keyText(found.key), found.sealed)
      const token = text ? (JSON.parse(text) as Installation).bot?.token : undefined
      if (!token) throw new ChatError('chat_forbidden', { sentence: UNREADABLE })
      return token
    },

    async save(installation) {
      if (!client) throw new Error('there is no client secret to seal an installation with')
      const key = keyOf(installation)
      await saveInstallation(db, key, seal(client.secret, keyText(key), JSON.stringify(installation)))
    },

    remove: (key, at) => removeInstallation(db, key, at),
  }
}

/** The key under which a message's `installation` is found. */
export function installationOf({ installation }: { installation: string | null }): InstallationKey {
  return parseKey(installation ?? '')
}

function keyOf({ enterprise, team, isEnterpriseInstall }: Installation): InstallationKey {
  return { enterpriseId: enterprise?.id ?? null, teamId: isEnterpriseInstall ? null : (team?.id ?? null) }
}
