// The chat platforms that this process has credentials for.
import type { Settings } from '../config.ts'
import type { Chat } from './chat.ts'
import { discordAccess } from './discord/access.ts'
import { openDiscordChat } from './discord/chat.ts'

export function openChats(settings: Settings): Chat[] {
  const discord = discordAccess(settings)
  return discord ? [openDiscordChat(discord)] : []
}
