// Files that came by Discord: from its own hosts. Pure.
import type { APIAttachment, APIMessage } from 'discord-api-types/v10'
import type { AttachmentSource } from '../../../domain/source.ts'
import { firstSound, type OfferedFile, takeFile } from '../../sound-file.ts'

const CDN_ORIGINS = ['https://cdn.discordapp.com', 'https://media.discordapp.net']

type Limits = { origins: string[]; maxUploadBytes: number }

/** Whose files are fetched; a stand-in for Discord serves them itself. */
export function attachmentOrigins(apiUrl: string): string[] {
  const { hostname, origin } = new URL(apiUrl)
  const isDiscord = hostname === 'discord.com' || hostname.endsWith('.discord.com')
  return isDiscord ? CDN_ORIGINS : [...CDN_ORIGINS, origin]
}

/** @throws UserError */
export function givenFile(attachment: APIAttachment, limits: Limits): AttachmentSource {
  return take(offered(attachment), limits)
}

/** The file of a message, or of what it forwards, that is sound, or at least may be. @throws UserError */
export function soundOf(
  {
    attachments = [],
    message_snapshots: forwarded = [],
  }: Partial<Pick<APIMessage, 'attachments' | 'message_snapshots'>>,
  limits: Limits,
): AttachmentSource {
  const files = [...attachments, ...forwarded.flatMap(({ message }) => message.attachments ?? [])]
  return take(firstSound(files.map(offered)), limits)
}

function take(file: OfferedFile, limits: Limits): AttachmentSource {
  return takeFile(file, { platform: 'discord', place: null, ...limits })
}

function offered({ id, url, filename, content_type, size }: APIAttachment): OfferedFile {
  return { id, url, name: filename, type: content_type ?? null, bytes: size }
}
