// The chat platforms that this process has credentials for.
import type { Settings } from '../config.ts'
import type { Chat } from './chat.ts'
import { openDiscordChat } from './discord/chat.ts'

export function openChats(settings: Settings): Chat[] {
  const { DISCORD_TOKEN: token, DISCORD_APPLICATION_ID: applicationId, DISCORD_API_URL: apiUrl } = settings
  return token && applicationId ? [openDiscordChat({ apiUrl, token, applicationId })] : []
}
