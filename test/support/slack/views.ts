// Modals: what a view may contain, opening one with a trigger id, and what is sent from it.
import { withIds, wrongWithBlocks } from './blocks.ts'
import { invalid, refusal } from './errors.ts'
import type { Grant } from './grant.ts'
import { newDigits, newId } from './ids.ts'
import { collect, isObject, type Json, onlyHas, string, text } from './rules.ts'
import type { User, World } from './world.ts'

const LARGEST_BYTES = 250_000

/** A modal a person has before them. */
export class View {
  readonly id = newId('V')
  hash = ''
  /** As the app sent it, with ids for blocks and elements. */
  content: Json = {}
  readonly user: User
  readonly grant: Grant
  isOpen = true
  /** What the app answered to the last submission, by block id. */
  errors: Record<string, string> = {}

  constructor(user: User, grant: Grant, content: Json) {
    this.user = user
    this.grant = grant
    this.show(content)
  }

  show(content: Json): void {
    this.content = { ...content, blocks: withIds(content['blocks'] as Json[]) }
    this.hash = `${newDigits(10)}.${newDigits(8)}`
    this.errors = {}
  }

  get blocks(): Json[] {
    return this.content['blocks'] as Json[]
  }

  get callbackId(): string {
    return String(this.content['callback_id'] ?? '')
  }

  get privateMetadata(): string {
    return String(this.content['private_metadata'] ?? '')
  }

  shape(world: World, state: Json = {}): Json {
    const { content, grant, user } = this
    return {
      id: this.id,
      team_id: user.workspace?.id,
      type: 'modal',
      blocks: this.blocks,
      private_metadata: this.privateMetadata,
      callback_id: this.callbackId,
      state: { values: state },
      hash: this.hash,
      title: content['title'],
      clear_on_close: content['clear_on_close'] ?? false,
      notify_on_close: content['notify_on_close'] ?? false,
      close: content['close'] ?? null,
      submit: content['submit'] ?? null,
      previous_view_id: null,
      root_view_id: this.id,
      app_id: world.appId,
      external_id: content['external_id'] ?? '',
      app_installed_team_id: grant.teamId,
      bot_id: grant.botId,
    }
  }
}

/** @throws invalid_arguments with the reasons, view_too_large, missing_scope */
export function mustBeView(view: unknown, grant: Grant): Json {
  if (!isObject(view)) throw invalid('invalid_arguments', ['must provide an object [json-pointer:/view]'])
  if (JSON.stringify(view).length > LARGEST_BYTES) throw refusal('view_too_large')
  const messages = wrongWithView(view)
  if (messages.length > 0) throw invalid('invalid_arguments', messages)
  const hasFileInput = JSON.stringify(view['blocks']).includes('"file_input"')
  if (hasFileInput && !grant.scopes.includes('files:read'))
    throw refusal('missing_scope', { needed: 'files:read', provided: grant.scopes.join(',') })
  return view
}

export function wrongWithView(view: Json): string[] {
  const { wrong, messages } = collect()
  onlyHas(wrong, '/view', view, [
    'type',
    'title',
    'blocks',
    'close',
    'submit',
    'private_metadata',
    'callback_id',
    'clear_on_close',
    'notify_on_close',
    'external_id',
    'submit_disabled',
  ])
  if (view['type'] !== 'modal') wrong('/view/type', 'must be one of: modal')
  text(wrong, '/view/title', view['title'], { max: 24 })
  for (const field of ['close', 'submit'])
    text(wrong, `/view/${field}`, view[field], { max: 24, optional: true })
  string(wrong, '/view/private_metadata', view['private_metadata'], { max: 3000, min: 0, optional: true })
  for (const field of ['callback_id', 'external_id'])
    string(wrong, `/view/${field}`, view[field], { max: 255, min: 0, optional: true })
  if (!Array.isArray(view['blocks'])) wrong('/view/blocks', 'must be an array')
  else {
    const hasInput = view['blocks'].some((block) => isObject(block) && block['type'] === 'input')
    if (hasInput && view['submit'] === undefined)
      wrong('/view', '`submit` is required when an `input` block is within the `blocks` array')
    messages.push(...wrongWithBlocks(view['blocks'], { kind: 'modal', takesPlans: false }, '/view/blocks'))
  }
  return messages
}
