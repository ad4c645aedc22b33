// Messages made and changed by the bot: files, mentions, replies, and what Discord makes of embeds and components.
import { type Issue, invalid, invalidForm, issue, refusal } from './errors.ts'
import { cleanedName, type Upload } from './files.ts'
import { allComponents, FLAG, mustBeSendable, shownNames } from './form.ts'
import { may } from './permissions.ts'
import { type Channel, type Json, Message, type User, type World } from './world.ts'

export const MIB = 1024 * 1024
const MAX_FILES = 10
/** What a bot may set itself. */
const OWN_FLAGS = FLAG.SUPPRESS_EMBEDS | FLAG.SUPPRESS_NOTIFICATIONS | FLAG.COMPONENTS_V2
const MENTION = /<@!?(\d{17,19})>/g

/** What a request brings besides its body. */
export type Sent = {
  body: Json
  files: Map<number, Upload>
  /** Of one file. */
  sizeLimitBytes: number
  /** How much of each file is kept, when a test cuts uploads. */
  storedBytes?: number | undefined
  /** Where the message lies in the body, for what is said about it. */
  at?: (string | number)[]
}

export const botSizeLimit = (channel: Channel) =>
  ([10, 10, 50, 100][channel.guild?.premiumTier ?? 0] ?? 10) * MIB

export function createMessage(
  world: World,
  channel: Channel,
  sent: Sent,
  more: { onlyFor?: User } = {},
): Message {
  const { body } = sent
  const flags = Number(body['flags'] ?? 0)
  const next = {
    content: String(body['content'] ?? '').trim(),
    embeds: (body['embeds'] as Json[] | null) ?? [],
    components: structuredClone((body['components'] as Json[] | null) ?? []),
    flags: flags & (OWN_FLAGS | (more.onlyFor ? FLAG.EPHEMERAL : 0)),
  }
  mustFit(sent, 0)
  const { added } = plannedFiles(world, sent, undefined)
  mustMentionSoundly(body, sent.at)
  mustBeSendable(
    world,
    next,
    added.map(([upload]) => cleanedName(upload.name)),
    sent.at,
  )
  if (!next.content && next.embeds.length + next.components.length + added.length === 0) throw refusal(50006)

  const message = new Message(world, channel, world.bot)
  message.onlyFor = more.onlyFor
  Object.assign(message, next, { embeds: finishedEmbeds(next.embeds) })
  message.files = added.map(([upload, meta]) => stored(world, channel, upload, meta, sent))
  finish(message)
  message.allowed_mentions = (body['allowed_mentions'] as Json | undefined) ?? undefined
  const list = more.onlyFor ? channel.ephemeral : channel.messages
  list.push(message)
  return message
}

export function editMessage(world: World, message: Message, sent: Sent, route: 'token' | 'bot'): void {
  const { body } = sent
  const asked = 'flags' in body ? Number(body['flags'] ?? 0) : message.flags
  // Once a message has the new components, it keeps them.
  const v2 = (asked | message.flags) & FLAG.COMPONENTS_V2
  const flags = (message.flags & ~(FLAG.SUPPRESS_EMBEDS | FLAG.LOADING)) | (asked & FLAG.SUPPRESS_EMBEDS) | v2
  const next = {
    content: 'content' in body ? String(body['content'] ?? '').trim() : message.content,
    embeds: 'embeds' in body ? ((body['embeds'] as Json[] | null) ?? []) : message.embeds,
    components:
      'components' in body
        ? structuredClone((body['components'] as Json[] | null) ?? [])
        : message.components,
    flags,
  }
  const plan = plannedFiles(world, sent, message)
  mustFit(sent, plan.kept.length)
  mustMentionSoundly(body, sent.at)
  const names = [
    ...plan.kept.map((one) => one.filename),
    ...plan.added.map(([upload]) => cleanedName(upload.name)),
  ]
  mustBeSendable(world, next, names, sent.at)
  if (!next.content && next.embeds.length + next.components.length + names.length === 0) throw refusal(50006)

  message.edits.push({
    atMs: world.clock.now(),
    route,
    body,
    files: [...sent.files.values()].map((one) => ({ name: one.name, size: one.bytes.length })),
  })
  Object.assign(message, next, { embeds: finishedEmbeds(next.embeds) })
  const added = plan.added.map(([upload, meta]) => stored(world, message.channel, upload, meta, sent))
  message.files = [...plan.kept, ...added]
  message.editedAtMs = world.clock.now()
  finish(message)
  message.allowed_mentions = (body['allowed_mentions'] as Json | undefined) ?? undefined
  message.mentions = mentioned(world, message)
}

type Meta = { description?: string; title?: string }

/** Which files stay and which come, by the list in the body. @throws 50035 for a file that is not there */
function plannedFiles(world: World, { body, files, at = [] }: Sent, message: Message | undefined) {
  const listed = body['attachments'] as Json[] | null | undefined
  const added: [Upload, Meta][] = []
  let kept: Message['files'] = []
  if (listed === undefined) {
    if (message && files.size === 0) kept = message.files
    for (const upload of files.values()) added.push([upload, {}])
    return { kept, added }
  }
  const issues: Issue[] = []
  const used = new Set<number>()
  const rest: Message['files'] = []
  ;(listed ?? []).forEach((one, n) => {
    const id = String(one['id'])
    const upload = files.get(Number(id))
    const old = message?.files.find((file) => file.id === id)
    if (old) {
      const description = one['description'] as string | null | undefined
      rest.push(description === undefined ? old : Object.assign(old, { description: description ?? '' }))
    } else if (upload) {
      used.add(Number(id))
      const meta: Meta = {}
      if (one['description']) meta.description = String(one['description'])
      if (one['title']) meta.title = String(one['title'])
      added.push([one['filename'] ? { ...upload, name: String(one['filename']) } : upload, meta])
    } else {
      issues.push(
        issue(
          [...at, 'attachments', n, 'id'],
          'ATTACHMENT_NOT_FOUND',
          'Uploaded or kept attachment not found',
        ),
      )
    }
  })
  kept = rest
  if (issues.length > 0) throw invalidForm(issues)
  for (const n of files.keys())
    if (!used.has(n)) world.problems.push(`files[${n}] is not in the list of attachments`)
  // On a create the list only describes; on an edit it decides.
  if (!message) for (const [n, upload] of files) if (!used.has(n)) added.push([upload, {}])
  return { kept, added }
}

/** @throws 30015 with too many files, 40005 with one too large */
function mustFit({ files, sizeLimitBytes }: Sent, keptCount: number): void {
  if (files.size + keptCount > MAX_FILES) throw refusal(30015)
  for (const { bytes } of files.values()) if (bytes.length > sizeLimitBytes) throw refusal(40005)
}

function stored(world: World, channel: Channel, upload: Upload, meta: Meta, sent: Sent) {
  const kept = Math.min(upload.bytes.length, sent.storedBytes ?? upload.bytes.length)
  return world.files.add(channel.id, { ...upload, ...meta }, kept)
}

/** Which files are shown elsewhere, and numbers for the components that have none. */
function finish(message: Message): void {
  const names = shownNames(message)
  message.shown = new Set(message.files.filter((file) => names.has(file.filename)))
  const all = allComponents(message.components).map(({ one }) => one)
  const taken = new Set(all.map((one) => one['id']))
  let next = 1
  for (const one of all) {
    if (!one['id']) {
      while (taken.has(next)) next += 1
      one['id'] = next
      taken.add(next)
    }
    completeComponent(one, message)
  }
}

/** What Discord adds to a component in its answers. */
function completeComponent(one: Json, message: Message): void {
  for (const [key, value] of Object.entries(one)) if (value === null) delete one[key]
  const unfurl = (media: Json) => {
    const file = message.files.find((each) => media['url'] === `attachment://${each.filename}`)
    media['id'] ??= message.id
    media['proxy_url'] ??= media['url']
    if (file) Object.assign(media, { attachment_id: file.id, content_type: file.content_type })
    return file
  }
  switch (one['type']) {
    case 3:
      one['min_values'] ??= 1
      one['max_values'] ??= 1
      break
    case 11:
      unfurl(one['media'] as Json)
      one['spoiler'] ??= false
      break
    case 12:
      for (const item of one['items'] as Json[]) {
        unfurl(item['media'] as Json)
        item['spoiler'] ??= false
      }
      break
    case 13: {
      const file = unfurl(one['file'] as Json)
      Object.assign(one, {
        name: file?.filename ?? null,
        size: file?.size ?? null,
        spoiler: one['spoiler'] ?? false,
      })
      break
    }
    case 14:
      one['divider'] ??= true
      one['spacing'] ??= 1
      break
    case 17:
      one['accent_color'] ??= null
      one['spoiler'] ??= false
      break
  }
}

function finishedEmbeds(embeds: Json[]): Json[] {
  const copies = structuredClone(embeds)
  for (const embed of copies) {
    embed['type'] = 'rich'
    for (const [key, value] of Object.entries(embed)) if (value === null) delete embed[key]
    for (const key of ['title', 'description'])
      if (typeof embed[key] === 'string') embed[key] = (embed[key] as string).trim()
    for (const field of (embed['fields'] as Json[] | undefined) ?? []) field['inline'] ??= false
    if (typeof embed['timestamp'] === 'string')
      embed['timestamp'] = new Date(embed['timestamp']).toISOString()
  }
  return copies
}

/** @throws 50035 where a kind of mention is both let through as a whole and named one by one */
function mustMentionSoundly(body: Json, at: (string | number)[] = []): void {
  const allowed = (body['allowed_mentions'] ?? {}) as { parse?: string[]; users?: string[]; roles?: string[] }
  for (const kind of ['users', 'roles'] as const) {
    if (!allowed.parse?.includes(kind) || !allowed[kind]?.length) continue
    const message = `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`
    throw invalid([...at, 'allowed_mentions'], 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE', message)
  }
}

type Allowed = { parse?: string[]; users?: string[]; replied_user?: boolean }

/** The people whose mention counts. */
function mentioned(world: World, message: Message): User[] {
  const allowed = message.allowed_mentions as Allowed | undefined
  const text = [
    message.content,
    ...allComponents(message.components).map(({ one }) => String(one['content'] ?? '')),
  ]
    .join('\n')
    .replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
  const found = new Set<User>()
  for (const [, id = ''] of text.matchAll(MENTION)) {
    const user = world.users.get(id)
    if (user && (!allowed || allowed.parse?.includes('users') || allowed.users?.includes(id))) found.add(user)
  }
  const answered = world.messages.get(String(message.message_reference?.['message_id']))
  if (answered && (allowed ? allowed.replied_user : true)) found.add(answered.author)
  return [...found]
}

/** Pings: only ever by a new message, never by an edit. */
export function notify(world: World, message: Message): void {
  message.mentions = mentioned(world, message)
  if (message.flags & FLAG.SUPPRESS_NOTIFICATIONS || message.ephemeral) return
  message.mentionsNotified = message.mentions.filter((user) => !user.bot).map((user) => user.id)
  const allowed = message.allowed_mentions as Allowed | undefined
  const everyone = /@(everyone|here)\b/.test(message.content) && may(message.channel, 'MENTION_EVERYONE')
  if (everyone && (!allowed || allowed.parse?.includes('everyone'))) message.mentionsNotified.push('everyone')
}

/** @throws 50035 for an unknown message, unless it may be missing; 160002 */
export function replyTo(world: World, channel: Channel, body: Json): Json | undefined {
  const reference = body['message_reference'] as Json | null | undefined
  if (!reference) return undefined
  if (!may(channel, 'READ_MESSAGE_HISTORY')) throw refusal(160002)
  const answered = world.messages.get(String(reference['message_id']))
  const unknown = !answered || answered.ephemeral || answered.channel !== channel
  if (unknown && reference['fail_if_not_exists'] === false) return undefined
  if (unknown) throw invalid(['message_reference'], 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')
  return {
    type: 0,
    channel_id: channel.id,
    message_id: answered.id,
    ...(channel.guild ? { guild_id: channel.guild.id } : {}),
  }
}
