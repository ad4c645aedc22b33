// Whether Discord can be used with these settings, tried for real: the token, the application, a session at the gateway.
import { type APIApplication, type APIGatewayBotInfo, type APIUser, Routes } from 'discord-api-types/v10'
import { DISCORD_API_URL } from '../../config.ts'
import { ChatError } from '../../errors.ts'
import { bad, type Finding, good, note, setting } from '../../findings.ts'
import { openSession } from './gateway/session.ts'
import { inviteLink } from './permissions.ts'
import { createDiscordRest, type DiscordAccess } from './rest.ts'

/** Discord locks a bot out for a day when it has used up its sessions. */
const FEW_SESSIONS = 50

export async function checkDiscord(access: DiscordAccess): Promise<Finding[]> {
  const rest = createDiscordRest(access)
  try {
    const bot = await rest.request<APIUser>('GET', Routes.user())
    const application = await rest.request<APIApplication>('GET', Routes.currentApplication())
    if (application.id !== access.applicationId)
      return [
        bad(
          `Discord: the token is that of application ${application.id}, DISCORD_APPLICATION_ID names another`,
          setting('DISCORD_APPLICATION_ID', application.id),
        ),
      ]
    const gateway = await rest.request<APIGatewayBotInfo>('GET', Routes.gatewayBot())
    const { remaining, total } = gateway.session_start_limit
    if (remaining === 0)
      return [
        bad(
          'Discord: no session may be opened today, as some process of this bot starts over and over; end it',
          'pkill -f src/main.ts',
        ),
      ]
    const session = await openSession(
      access,
      { count: gateway.shards, ids: [0] },
      {
        onInteraction: () => {},
        onConnection: () => {},
        onRefused: () => {},
      },
    )
    await session.close()
    const sessions = `Discord: a session opens without privileged intents; ${remaining} of ${total} are left today`
    return [
      good(`Discord: ${bot.username} is application ${application.id}`),
      remaining < FEW_SESSIONS ? note(sessions) : good(sessions),
      good(`Discord: add it to a server by ${inviteLink(application.id)}`),
    ]
  } catch (error) {
    return [failure(error)]
  }
}

function failure(error: unknown): Finding {
  if (error instanceof ChatError && error.code === 'chat_unauthorized')
    return bad(
      'Discord: DISCORD_TOKEN is not accepted; the page Bot of your application shows it',
      setting('DISCORD_TOKEN', '<token>'),
    )
  if (error instanceof ChatError && error.code === 'chat_unavailable')
    return bad(
      'Discord: it cannot be reached; check the network, and DISCORD_API_URL if you have set it',
      setting('DISCORD_API_URL', DISCORD_API_URL),
    )
  const sentence = error instanceof Error ? error.message : String(error)
  return bad(`Discord: ${sentence.replace(/\.$/, '')}`, 'LOG_LEVEL=debug npm run doctor')
}
