// response_url: five uses in half an hour, also where the bot is no member.
import { messageBlocks } from './blocks.ts'
import { Refusal } from './errors.ts'
import type { Interaction } from './interaction.ts'
import { mentioned } from './mentions.ts'
import type { Json } from './rules.ts'
import { Message, type World } from './world.ts'

const USES = 5
const FIELDS = [
  'text',
  'blocks',
  'attachments',
  'response_type',
  'replace_original',
  'delete_original',
  'thread_ts',
  'mrkdwn',
  'unfurl_links',
  'unfurl_media',
  'metadata',
]

type Done = { status: number; body: string; error?: string }

/** One post to it. */
export function respond(world: World, interaction: Interaction | undefined, args: Json): Done {
  const refuse = (status: number, error: string): Done => ({
    status,
    error,
    body: JSON.stringify({ ok: false, error }),
  })
  if (!interaction) return refuse(404, 'expired_url')
  if (interaction.urlIsOld(world)) return refuse(404, 'expired_url')
  if (interaction.uses >= USES) {
    world.problems.push(`a response_url was used more than ${USES} times`)
    return refuse(404, 'used_url')
  }
  for (const field of Object.keys(args))
    if (!FIELDS.includes(field)) world.problems.push(`a response_url does not take ${field}`)
  try {
    apply(world, interaction, args, 'response_url')
  } catch (error) {
    // Unlike the Web API: the bare word.
    if (error instanceof Refusal) return { status: 400, error: error.error, body: error.error }
    throw error
  }
  interaction.uses += 1
  return { status: 200, body: JSON.stringify({ ok: true }) }
}

/** Shows what an ack or a response_url says. @throws Refusal */
export function apply(world: World, interaction: Interaction, args: Json, via: 'ack' | 'response_url'): void {
  const { source, channel, workspace } = interaction
  const text = String(args['text'] ?? '')
  const blocks = args['blocks'] === undefined ? [] : messageBlocks(args['blocks'], workspace.takesPlans)
  if (args['delete_original']) {
    source?.remove()
    return
  }
  if (!text && blocks.length === 0) throw new Refusal('no_text')
  const replaceOriginal = args['replace_original'] === true
  const threadTs = args['thread_ts'] === undefined ? undefined : String(args['thread_ts'])
  if (replaceOriginal && source && interaction.kind === 'block_actions') {
    Object.assign(source, { text, blocks })
    source.edits.push({ atMs: world.clock.now(), text, blocks })
  } else if (args['response_type'] === 'in_channel' && channel) {
    const message = new Message(world, channel, { user: workspace.botUserId, botId: workspace.botId })
    Object.assign(message, { text, blocks, threadTs })
    message.notified = mentioned(world, message)
  } else interaction.told.push({ text, blocks, replaceOriginal, via, threadTs })
}
