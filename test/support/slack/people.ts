// What people do: type commands, press buttons, use shortcuts, send modals, share files, remove the app.
import type { Delivery, More } from './delivery.ts'
import { type FileWish, fileOfPerson } from './files.ts'
import { stateOf, type Values } from './form.ts'
import { Interaction, type Kind } from './interaction.ts'
import { mentioned } from './mentions.ts'
import {
  actionPayload,
  commandPayload,
  eventPayload,
  shortcutPayload,
  submissionPayload,
} from './payloads.ts'
import { actionOf, stateWith } from './pressed.ts'
import type { Json } from './rules.ts'
import type { View } from './views.ts'
import { type Channel, Message, type User, type Workspace, type World } from './world.ts'

export function createPeople(world: World, delivery: Delivery, triggers: Map<string, Interaction>) {
  const urls = new Map<string, Interaction>()

  const begin = (
    kind: Kind,
    user: User,
    place: { channel?: Channel; source?: Message },
  ): Interaction & { user: User } => {
    const { workspace } = user
    if (!workspace || (place.channel && place.channel.workspace !== workspace))
      throw new Error('this person is not in that workspace')
    if (!workspace.grant || workspace.grant.dead) throw new Error('the app is not installed there')
    const interaction = new Interaction(world, { kind, workspace, user, ...place })
    triggers.set(interaction.triggerId, interaction)
    if (kind !== 'view_submission') urls.set(new URL(interaction.responseUrl).pathname, interaction)
    return interaction as Interaction & { user: User }
  }

  /** A person posts a message. */
  const say = (
    user: User,
    channel: Channel,
    text: string,
    more: { threadTs?: string; files?: FileWish[] } = {},
  ): Message => {
    const message = new Message(world, channel, { user: user.id })
    message.text = text
    message.threadTs = more.threadTs
    message.notified = mentioned(world, message)
    for (const wish of more.files ?? []) {
      const file = fileOfPerson(world, channel.workspace, user.id, wish)
      file.shares.push({ channel, ts: message.ts, threadTs: more.threadTs })
      message.files.push(file)
    }
    return message
  }

  return {
    urls,

    /**
     * @param text as typed
     * @param more.escaped as with should_escape: links stand in angle brackets
     */
    async command(
      user: User,
      channel: Channel,
      text: string,
      more: More & { command?: `/${string}`; threadTs?: string; escaped?: boolean } = {},
    ): Promise<Interaction> {
      const { command = '/separate' } = more
      const interaction = begin('command', user, { channel })
      if (more.threadTs !== undefined) {
        // The app hears nothing of it.
        const answer = { status: 0, ackedAfterMs: 0, body: undefined, text: '' }
        interaction.deliveries = [Promise.resolve(answer)]
        const told = `${command} is not supported in threads. Sorry!`
        interaction.told.push({
          text: told,
          blocks: [],
          replaceOriginal: false,
          via: 'slack',
          threadTs: more.threadTs,
        })
        return interaction
      }
      const given = more.escaped ? text.replaceAll(/https?:\/\/[^\s<>]+/g, '<$&>') : text
      const what = { user, channel, command, text: given.trim() }
      interaction.payload = commandPayload(world, interaction, what)
      return delivery.deliver(interaction, more)
    },

    /** @param more.values what is chosen, where the element is a menu */
    async press(
      user: User,
      message: Message,
      actionId: string,
      more: More & { values?: string[] } = {},
    ): Promise<Interaction> {
      mustBeSeen(user, message)
      const action = actionOf(message, actionId, more.values ?? [])
      const interaction = begin('block_actions', user, { channel: message.channel, source: message })
      const state = stateWith(message, action)
      interaction.payload = actionPayload(world, interaction, { user, message, action, state })
      return delivery.deliver(interaction, more)
    },

    async shortcut(user: User, message: Message, callbackId: string, more: More = {}): Promise<Interaction> {
      mustBeSeen(user, message)
      const interaction = begin('message_action', user, { channel: message.channel, source: message })
      interaction.payload = shortcutPayload(world, interaction, { user, message, callbackId })
      return delivery.deliver(interaction, more)
    },

    /** @throws for elements the view lacks, and for what a client would not send */
    async submit(user: User, view: View, values: Values = {}, more: More = {}): Promise<Interaction> {
      if (view.user !== user) throw new Error("this is somebody else's modal")
      if (!view.isOpen) throw new Error('the modal is closed')
      if (!view.content['submit']) throw new Error('the modal has no button to send it')
      const interaction = begin('view_submission', user, {})
      const state = stateOf(world, interaction.workspace, view, values)
      view.errors = {}
      interaction.modal = view
      interaction.payload = submissionPayload(world, interaction, { user, view, state })
      return delivery.deliver(interaction, more)
    },

    /** The app is told that it was removed, or that its token is dead; from then on it is. */
    async event(
      workspace: Workspace,
      type: 'app_uninstalled' | 'tokens_revoked',
      extra: Json = {},
      more: More = {},
    ): Promise<Interaction> {
      const interaction = new Interaction(world, { kind: 'event', workspace })
      const { grant } = workspace
      const tokens = type === 'tokens_revoked' ? { tokens: { oauth: [], bot: [grant?.botUser.id] } } : {}
      interaction.payload = eventPayload(world, workspace, { type, ...tokens, ...extra })
      if (grant) grant.dead ??= type === 'app_uninstalled' ? 'account_inactive' : 'token_revoked'
      return delivery.deliver(interaction, more)
    },

    /** The app is removed and not told. */
    uninstall(workspace: Workspace): void {
      if (workspace.grant) workspace.grant.dead = 'account_inactive'
    },

    say,

    /** A person posts a message with a file. */
    share(user: User, channel: Channel, wish: FileWish & { threadTs?: string; text?: string }): Message {
      const { threadTs, text = '', ...file } = wish
      return say(user, channel, text, { ...(threadTs ? { threadTs } : {}), files: [file] })
    },

    /** A person deletes a message. */
    remove: (message: Message): void => message.remove(),
  }
}

function mustBeSeen(user: User, message: Message): void {
  if (message.deleted) throw new Error('the message is deleted')
  if (message.ephemeralFor && message.ephemeralFor !== user.id)
    throw new Error('the message is for somebody else')
}
