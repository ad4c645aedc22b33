// Files that somebody gives on a chat platform: not clearly something else than sound, and not too large. Pure.
import { type AttachmentSource, attachmentSource, type Place } from '../domain/source.ts'
import { UserError } from '../errors.ts'

/** As the platform describes it; `type` is its MIME type, where one is known. */
export type OfferedFile = { id: string; url: string; name: string; type: string | null; bytes: number | null }

const SOUND_TYPE = /^(audio|video)\/|^application\/(ogg|mp4|x-matroska)\b/i
const SOUND_NAME =
  /\.(mp3|m4a|m4b|aac|wav|wave|ogg|oga|opus|flac|aiff?|aifc|wma|alac|ape|wv|mka|amr|caf|mp4|m4v|mov|webm|mkv|avi|3gp|mpe?g)$/i
/** Says nothing about what is in it. */
const ANY_TYPE = /^(application|binary)\/(octet-stream|x-binary)\b/i
const MiB = 1024 ** 2

/**
 * @param from.origins the only servers that it may be fetched from
 * @param from.place whose bot may fetch it, where not everybody may
 * @throws UserError `not_audio`, `too_large`, `empty_file` or `unsafe_attachment`
 */
export function takeFile(
  file: OfferedFile,
  from: { platform: string; origins: string[]; place: Place | null; maxUploadBytes: number },
): AttachmentSource {
  const { bytes } = file
  if (kindOf(file) === 'other')
    throw new UserError('not_audio', 'That file is neither audio nor video: give a song, such as an mp3.')
  if (bytes === 0) throw new UserError('empty_file')
  if (bytes !== null && bytes > from.maxUploadBytes)
    throw new UserError(
      'too_large',
      `That file is too large: at most ${Math.floor(from.maxUploadBytes / MiB)} MiB are taken.`,
    )
  return attachmentSource(from.platform, file, from.origins, from.place)
}

/** The first that is sound, or at least may be. @throws UserError `not_a_song` */
export function firstSound(files: OfferedFile[]): OfferedFile {
  const found =
    files.find((file) => kindOf(file) === 'sound') ?? files.find((file) => kindOf(file) === 'unknown')
  if (!found) throw new UserError('not_a_song', 'That message has no audio file: choose one that has.')
  return found
}

function kindOf({ name, type }: OfferedFile): 'sound' | 'other' | 'unknown' {
  if (SOUND_TYPE.test(type ?? '') || SOUND_NAME.test(name)) return 'sound'
  return !type || ANY_TYPE.test(type) ? 'unknown' : 'other'
}
