// Files that came by Slack: from its own hosts, and fetched by the token of the workspace they are in. Pure.
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
}

/** The file that is sound, or at least may be. @throws UserError */
export function fileOf(
  files: SlackFile[],
  { installation, workspace }: Asked,
  { origins, maxUploadBytes }: Pick<AnswerDeps, 'origins' | 'maxUploadBytes'>,
): AttachmentSource {
  const offered = files.flatMap((file) => {
    const url = file.url_private_download ?? file.url_private
    if (!url || file.is_external) return []
    const { id, name, mimetype, size } = file
    return [{ id, url, name: name || id, type: mimetype || null, bytes: size ?? null }]
  })
  if (files.length > 0 && offered.length === 0) throw new UserError('attachment_gone')
  const place = { installation, workspace }
  return takeFile(firstSound(offered), { platform: 'slack', origins, place, maxUploadBytes })
}
