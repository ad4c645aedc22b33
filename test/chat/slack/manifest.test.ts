import { describe, expect, test } from 'vitest'
import type { Command } from '../../../commands/command.ts'
import { COMMANDS } from '../../../commands/index.ts'
import {
  BOT_SCOPES,
  type ManifestWishes,
  manifestOf,
  manifestText,
  OPTIONAL_SCOPES,
  shortcutId,
} from '../../../src/chat/slack/manifest.ts'

const publicUrl = 'https://stems.example/'
const WISHES: ManifestWishes[] = [
  { transport: 'socket', oauth: false },
  { transport: 'socket', oauth: true, publicUrl },
  { transport: 'http', oauth: false, publicUrl },
  { transport: 'http', oauth: true, publicUrl, name: 'The Band’s Stems' },
]

describe('the manifest', () => {
  test.each(WISHES)('keeps within Slack: $transport, oauth $oauth', (wishes) => {
    const { display_information: shown, features, oauth_config, settings } = manifestOf(COMMANDS, wishes)
    expect(shown.name).toMatch(/^.{1,35}$/)
    expect(shown.description).toMatch(/^.{1,140}$/)
    expect(features?.bot_user?.display_name).toMatch(/^[a-z0-9._-]{1,80}$/)
    const { slash_commands: commands = [], shortcuts = [] } = features ?? {}
    expect(commands.length).toBeLessThanOrEqual(50)
    for (const { command, description, usage_hint } of commands) {
      expect(command).toMatch(/^\/[a-z_-]{1,31}$/)
      expect(description).toMatch(/^.{1,2000}$/)
      expect(usage_hint).toMatch(/^.{1,1000}$/)
    }
    expect(shortcuts.length).toBeLessThanOrEqual(10)
    expect(new Set(shortcuts.map((one) => one.callback_id)).size).toBe(shortcuts.length)
    for (const { name, callback_id, description } of shortcuts) {
      expect(name).toMatch(/^.{1,24}$/)
      expect(callback_id).toMatch(/^.{1,255}$/)
      expect(description).toMatch(/^.{1,150}$/)
    }
    expect(oauth_config?.scopes).toEqual({ bot: [...BOT_SCOPES], bot_optional: [...OPTIONAL_SCOPES] })
    expect(settings?.event_subscriptions?.bot_events).toEqual(['app_uninstalled', 'tokens_revoked'])
    expect(settings).toMatchObject({
      interactivity: { is_enabled: true },
      socket_mode_enabled: wishes.transport === 'socket',
      org_deploy_enabled: wishes.oauth,
      token_rotation_enabled: false,
    })
    const redirects = wishes.oauth ? ['https://stems.example/slack/oauth_redirect'] : undefined
    expect(oauth_config?.redirect_urls).toEqual(redirects)
  })

  test('says what the definitions say', () => {
    const { features, _metadata } = manifestOf(COMMANDS, { transport: 'socket', oauth: false })
    expect(_metadata).toEqual({ major_version: 2 })
    expect(features?.app_home).toEqual({ messages_tab_enabled: true, messages_tab_read_only_enabled: false })
    const [separate] = COMMANDS
    expect(features?.slash_commands).toEqual([
      {
        command: '/separate',
        description: separate?.description,
        usage_hint: '<song> [stems=vocals,drums,…] [model=<text>] [format=mp3|flac|wav]',
        should_escape: false,
      },
    ])
    const offered = COMMANDS.filter(({ onMessage }) => onMessage !== null)
    expect(offered.length).toBeGreaterThan(0)
    expect(features?.shortcuts).toEqual(
      offered.map(({ name, onMessage, description }) => ({
        type: 'message',
        name: onMessage,
        callback_id: `${name}_file`,
        description,
      })),
    )
    expect(shortcutId('separate')).toBe('separate_file')
  })

  test('names addresses only where Slack calls us', () => {
    const http = manifestOf(COMMANDS, {
      transport: 'http',
      oauth: false,
      publicUrl: 'https://a.example/bot/?x#y',
    })
    const events = 'https://a.example/bot/slack/events'
    expect(http.features?.slash_commands).toMatchObject([{ url: events }])
    expect(http.settings).toMatchObject({
      event_subscriptions: { request_url: events },
      interactivity: { request_url: events },
    })
    expect(manifestText(manifestOf(COMMANDS, { transport: 'socket', oauth: false, publicUrl }))).not.toMatch(
      /https?:|url/,
    )
  })

  test.each([
    { transport: 'http' as const, oauth: false },
    { transport: 'socket' as const, oauth: true },
    { transport: 'http' as const, oauth: false, publicUrl: 'http://a.example' },
    { transport: 'http' as const, oauth: false, publicUrl: 'stems' },
    { transport: 'socket' as const, oauth: false, name: ' ' },
    { transport: 'socket' as const, oauth: false, name: 'x'.repeat(36) },
  ])('refuses %j', (wishes) => {
    expect(() => manifestOf(COMMANDS, wishes)).toThrow(expect.objectContaining({ code: 'bad_settings' }))
  })

  test('has a name for the bot whatever the app is called', () => {
    const named = (name: string) =>
      manifestOf(COMMANDS, { transport: 'socket', oauth: false, name }).features?.bot_user?.display_name
    expect(named('Sound Forge Alchemy')).toBe('sound-forge-alchemy')
    expect(named('日本')).toBe('stems')
  })

  test('is JSON to paste', () => {
    const manifest = manifestOf(COMMANDS, { transport: 'socket', oauth: false })
    const text = manifestText(manifest)
    expect(JSON.parse(text)).toEqual(manifest)
    expect(text).toMatch(/^\{\n {2}"_metadata"/)
    expect(text.endsWith('}\n')).toBe(true)
  })

  test('needs the command that the slash command is', () => {
    expect(() => manifestOf([] as Command[], { transport: 'socket', oauth: false })).toThrow(/separate/)
  })
})
