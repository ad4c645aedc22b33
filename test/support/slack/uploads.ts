// files.*: an address to send to, the upload itself, completing, and the sharing that comes later by itself.
import { randomBytes } from 'node:crypto'
import { messageBlocks } from './blocks.ts'
import { isGiven } from './body.ts'
import { invalid, refusal } from './errors.ts'
import { SlackFile } from './files.ts'
import type { Grant } from './grant.ts'
import { mentioned } from './mentions.ts'
import { threadTimestamp } from './messages.ts'
import type { Call, Handler } from './methods.ts'
import { isObject } from './rules.ts'
import { fileShape, freshFileShape } from './shapes.ts'
import { channelFor } from './tokens.ts'
import { type Channel, type Json, Message, type World } from './world.ts'

export type Sharing = {
  /** Real time between completing and the message. */
  delaySeconds: number
  /** How many completed uploads from now on are never shared, though the answer was ok. */
  neverTimes: number
}

export function createUploads(world: World, sharing: Sharing) {
  const { files } = world

  /** Of the token's workspace; an organisation's token has to say which. */
  const workspaceOf = ({ grant, args }: Call) => {
    const workspace = grant.workspace ?? world.workspaces.get(String(args['team_id'] ?? ''))
    if (!workspace || !grant.reaches(workspace))
      throw invalid('invalid_arguments', ['missing required field: team_id'])
    return workspace
  }

  const getUrl: Handler = (call) => {
    const { grant, args } = call
    const workspace = workspaceOf(call)
    const length = Number(args['length'])
    const name = String(args['filename'])
    if (!Number.isInteger(length) || length <= 0)
      throw invalid('invalid_arguments', ['must be greater than 0 [json-pointer:/length]'])
    const file = new SlackFile({
      workspace,
      user: grant.botUser.id,
      name,
      createdMs: world.clock.now(),
      promisedBytes: length,
    })
    mustBeTaken(file)
    if (length > workspace.maxFileBytes) throw refusal('file_upload_size_restricted')
    if (files.usedBytes(workspace) + length > workspace.freeStorageBytes)
      throw refusal('storage_limit_reached')
    files.add(file)
    const ticket = `${workspace.id}${randomBytes(24).toString('hex')}`
    files.tickets.set(ticket, file)
    return { upload_url: `${world.origin()}/upload/v1/${ticket}`, file_id: file.id }
  }

  /** The bytes themselves, at the one-use address. @param storedBytes how many are kept, where a test cuts it short */
  const receive = (ticket: string, bytes: Buffer | undefined, storedBytes?: number) => {
    const file = files.tickets.get(ticket)
    if (!file) return { status: 404, body: 'Not Found' }
    if (!bytes || bytes.length !== file.promisedBytes)
      return {
        status: 400,
        body: `Bad Request: ${bytes?.length ?? 'not one file'} of ${file.promisedBytes} bytes`,
      }
    files.tickets.delete(ticket)
    file.bytes = storedBytes === undefined ? bytes : bytes.subarray(0, storedBytes)
    file.state = 'uploaded'
    return { status: 200, body: `OK - ${file.bytes.length}` }
  }

  const complete: Handler = (call) => {
    const { grant, args } = call
    const wanted = Array.isArray(args['files']) ? args['files'] : []
    if (wanted.length === 0 || !wanted.every((one) => isObject(one) && typeof one['id'] === 'string'))
      throw invalid('invalid_arguments', [
        'must be a non-empty array of objects with an id [json-pointer:/files]',
      ])
    const channelId = isGiven(args['channel_id'])
      ? args['channel_id']
      : isGiven(args['channels'])
        ? String(args['channels']).split(',')[0]
        : undefined
    const place = channelId === undefined ? undefined : placeFor(call, channelId)
    const found = (wanted as Json[]).map((one) => {
      const file = files.get(one['id'])
      if (file?.state !== 'uploaded' || file.user !== grant.botUser.id) throw refusal('file_not_found')
      return { file, title: one['title'] }
    })
    if (new Set(found.map(({ file }) => file)).size < found.length) throw refusal('file_not_found')
    for (const { file } of found) mustBeTaken(file)
    const text = isGiven(args['initial_comment']) ? String(args['initial_comment']) : ''
    const blocks = blocksOf(args, text, place?.channel)
    for (const { file, title } of found) {
      file.state = 'completed'
      if (isGiven(title)) file.title = String(title)
    }
    const all = found.map(({ file }) => file)
    if (place) later(() => share(grant, place, all, text, blocks))
    return { files: all.map((file) => freshFileShape(world, file)) }
  }

  const blocksOf = (args: Json, text: string, channel: Channel | undefined): Json[] => {
    const { blocks } = args
    if (!isGiven(blocks)) return []
    if (text) {
      world.problems.push('files.completeUploadExternal ignores blocks beside initial_comment')
      return []
    }
    if (Array.isArray(blocks) && blocks.some((one) => isObject(one) && one['type'] === 'markdown'))
      throw refusal('internal_error')
    return messageBlocks(blocks, channel?.workspace.takesPlans ?? false)
  }

  /** Stricter than posting: chat:write.public does not help. */
  const placeFor = ({ grant, args }: Call, channelId: unknown) => {
    const channel = channelFor(world, grant, channelId)
    if (channel.archived) throw refusal('is_archived')
    if (!channel.botIsMember) throw refusal('not_in_channel')
    if (channel.posting !== 'all') throw refusal('posting_to_channel_denied')
    if (channel.connect === 'noFiles') throw refusal('slack_connect_file_upload_sharing_blocked')
    const threadTs = isGiven(args['thread_ts']) ? threadTimestamp(args['thread_ts']) : undefined
    const first = channel.messages.find((one) => one.ts === threadTs && !one.threadTs && !one.ephemeralFor)
    if (threadTs !== undefined && !first) throw refusal('thread_not_found')
    return { channel, threadTs }
  }

  const later = (work: () => void) => {
    if (sharing.neverTimes > 0) sharing.neverTimes -= 1
    else setTimeout(work, sharing.delaySeconds * 1000).unref()
  }
  const share = (
    grant: Grant,
    { channel, threadTs }: { channel: Channel; threadTs: string | undefined },
    completed: SlackFile[],
    text: string,
    blocks: Json[],
  ) => {
    const left = completed.filter((file) => file.state === 'completed')
    if (channel.archived || !channel.botIsMember || grant.dead || left.length === 0) return
    const message = new Message(world, channel, { user: grant.botUser.id, botId: grant.botId })
    Object.assign(message, { text, blocks, threadTs, files: left })
    message.notified = mentioned(world, message)
    for (const file of left) file.shares.push({ channel, ts: message.ts, threadTs })
  }

  /** A file the token may see. @throws file_not_found, file_deleted */
  const fileFor = (grant: Grant, id: unknown): SlackFile => {
    const file = files.get(id)
    if (!file || !grant.reaches(file.workspace) || !mayRead(grant, file)) throw refusal('file_not_found')
    if (file.state === 'deleted') throw refusal('file_deleted')
    if (file.state !== 'completed') throw refusal('file_not_found')
    return file
  }
  const mayRead = (grant: Grant, file: SlackFile) =>
    file.user === grant.botUser.id ||
    file.givenToBot ||
    file.shares.some(({ channel }) => channel.botIsMember || channel.kind === 'public')

  const remove: Handler = ({ grant, args }) => {
    const file = fileFor(grant, args['file'])
    if (file.user !== grant.botUser.id) throw refusal('cant_delete_file')
    removeFile(file)
    return {}
  }

  return {
    receive,
    methods: {
      'files.getUploadURLExternal': getUrl,
      'files.completeUploadExternal': complete,
      'files.info': (({ grant, args }) => ({
        file: fileShape(world, fileFor(grant, args['file'])),
        comments: [],
        response_metadata: { next_cursor: '' },
      })) satisfies Handler,
      'files.delete': remove,
    },
    /** What a link gives the holder of a token; nothing when he may not see it. */
    download(grant: Grant | undefined, path: string): SlackFile | undefined {
      const [, id] = /^\/files-pri\/T[A-Z0-9]+-(F[A-Z0-9]+)\//.exec(path) ?? []
      const file = files.get(id)
      if (!file || !grant || grant.dead || !grant.scopes.includes('files:read')) return undefined
      return grant.reaches(file.workspace) && mayRead(grant, file) ? file : undefined
    },
  }
}

/** A deleted file is gone from its messages too. */
export function removeFile(file: SlackFile): void {
  file.state = 'deleted'
  file.bytes = Buffer.alloc(0)
  for (const { channel } of file.shares)
    for (const message of channel.messages) message.files = message.files.filter((one) => one !== file)
}

/** @throws where the workspace takes no such file */
function mustBeTaken({ workspace, mimetype, filetype }: SlackFile): void {
  if (workspace.uploads === 'none') throw refusal('file_uploads_disabled')
  if (workspace.uploads === 'images' && !mimetype.startsWith('image/'))
    throw refusal('file_uploads_except_images_disabled')
  if (workspace.refusedTypes.includes(filetype)) throw refusal('file_type_not_allowed')
}
