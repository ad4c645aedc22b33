// The chat platforms that this process has credentials for.
import type { Settings } from '../config.ts'
import type { Database } from '../store/database.ts'
import type { Chat } from './chat.ts'
import { discordAccess } from './discord/access.ts'
import { openDiscordChat } from './discord/chat.ts'
import { slackAccess } from './slack/access.ts'
import { openSlackChat } from './slack/chat.ts'

export function openChats(settings: Settings, db: Database): Chat[] {
  const discord = discordAccess(settings)
  const slack = slackAccess(settings)
  return [...(discord ? [openDiscordChat(discord)] : []), ...(slack ? [openSlackChat(slack, db)] : [])]
}
