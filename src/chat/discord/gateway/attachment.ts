// Files that came by Discord: from its own hosts, and not clearly something else than sound. Pure.
import type { APIAttachment, APIMessage } from 'discord-api-types/v10'
import { type AttachmentSource, attachmentSource } from '../../../domain/source.ts'
import { UserError } from '../../../errors.ts'

const CDN_ORIGINS = ['https://cdn.discordapp.com', 'https://media.discordapp.net']
const SOUND_TYPE = /^(audio|video)\/|^application\/(ogg|mp4|x-matroska)\b/i
const SOUND_NAME =
  /\.(mp3|m4a|m4b|aac|wav|wave|ogg|oga|opus|flac|aiff?|aifc|wma|alac|ape|wv|mka|amr|caf|mp4|m4v|mov|webm|mkv|avi|3gp|mpe?g)$/i
/** Says nothing about what is in it. */
const ANY_TYPE = /^(application|binary)\/(octet-stream|x-binary)\b/i
const MiB = 1024 ** 2

/** Whose files are fetched; a stand-in for Discord serves them itself. */
export function attachmentOrigins(apiUrl: string): string[] {
  const { hostname, origin } = new URL(apiUrl)
  const isDiscord = hostname === 'discord.com' || hostname.endsWith('.discord.com')
  return isDiscord ? CDN_ORIGINS : [...CDN_ORIGINS, origin]
}

/** @throws UserError `not_audio`, `too_large`, `empty_file` or `unsafe_attachment` */
export function givenFile(
  attachment: APIAttachment,
  { origins, maxUploadBytes }: { origins: string[]; maxUploadBytes: number },
): AttachmentSource {
  const { id, url, filename, size } = attachment
  if (kindOf(attachment) === 'other')
    throw new UserError('not_audio', 'That file is neither audio nor video: give a song, such as an mp3.')
  if (size === 0) throw new UserError('empty_file')
  if (size > maxUploadBytes)
    throw new UserError(
      'too_large',
      `That file is too large: at most ${Math.floor(maxUploadBytes / MiB)} MiB are taken.`,
    )
  return attachmentSource('discord', { id, url, name: filename }, origins)
}

/** The file of a message, or of what it forwards, that is sound, or at least may be. @throws UserError `not_a_song` */
export function soundOf({
  attachments = [],
  message_snapshots: forwarded = [],
}: Partial<Pick<APIMessage, 'attachments' | 'message_snapshots'>>) {
  const files = [...attachments, ...forwarded.flatMap(({ message }) => message.attachments ?? [])]
  const found =
    files.find((file) => kindOf(file) === 'sound') ?? files.find((file) => kindOf(file) === 'unknown')
  if (!found) throw new UserError('not_a_song', 'That message has no audio file: choose one that has.')
  return found
}

function kindOf({ filename, content_type: type }: APIAttachment): 'sound' | 'other' | 'unknown' {
  if (SOUND_TYPE.test(type ?? '') || SOUND_NAME.test(filename)) return 'sound'
  return !type || ANY_TYPE.test(type) ? 'unknown' : 'other'
}
