// Files that came by Slack: from its own hosts, and fetched by the token of the workspace they are in.
import type { AttachmentSource } from '../../../domain/source.ts'
import { UserError } from '../../../errors.ts'
import { firstSound, takeFile } from '../../sound-file.ts'
import type { AnswerDeps } from './answer-deps.ts'
import type { Asked } from './asked.ts'

/** https://docs.slack.dev/reference/objects/file-object; what was deleted, or lies elsewhere, has no address of Slack's. */
export type SlackFile = {
  id: string
  name?: string | null
  mimetype?: string
  size?: number | undefined
  url_private?: string
  url_private_download?: string
  is_external?: boolean
  file_access?: string
}

/** In a channel shared between organisations a file comes with its id alone. */
const CHECK = 'check_file_info'
const LOOK_SECONDS = 1

/** The file that is sound, or at least may be. @throws UserError */
export async function fileOf(
  files: SlackFile[],
  asked: Asked,
  { origins, maxUploadBytes, web }: Pick<AnswerDeps, 'origins' | 'maxUploadBytes' | 'web'>,
): Promise<AttachmentSource> {
  const { installation, workspace } = asked
  const whole = files.map(async (file) => {
    if (file.file_access !== CHECK) return file
    const about = { file: file.id }
    const options = { timeoutSeconds: LOOK_SECONDS }
    const told = await web
      .call<{ file: SlackFile }>(asked, 'files.info', about, options)
      .catch(() => undefined)
    return told?.file ?? file
  })
  const offered = (await Promise.all(whole)).flatMap((file) => {
    const url = file.url_private_download ?? file.url_private
    if (!url || file.is_external) return []
    const { id, name, mimetype, size } = file
    return [{ id, url, name: name || id, type: mimetype || null, bytes: size ?? null }]
  })
  if (files.length > 0 && offered.length === 0) throw new UserError('attachment_gone')
  const place = { installation, workspace }
  return takeFile(firstSound(offered), { platform: 'slack', origins, place, maxUploadBytes })
}
