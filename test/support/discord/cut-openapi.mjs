// Cuts what the test server needs out of Discord's OpenAPI description, by hand and seldom:
//   git clone https://github.com/discord/discord-api-spec && node cut-openapi.mjs discord-api-spec
// Source: discord/discord-api-spec, specs/openapi.json, commit 74fda0f of 2026-07-18. MIT, Copyright 2023 Discord.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @type {Record<string, string[]>} */
const ROUTES = {
  '/applications/@me': ['get'],
  '/oauth2/applications/@me': ['get'],
  '/applications/{application_id}/commands': ['get', 'put'],
  '/channels/{channel_id}': ['get', 'patch'],
  '/channels/{channel_id}/messages': ['get', 'post'],
  '/channels/{channel_id}/messages/{message_id}': ['get', 'patch', 'delete'],
  '/gateway': ['get'],
  '/gateway/bot': ['get'],
  '/guilds/{guild_id}': ['get'],
  '/interactions/{interaction_id}/{interaction_token}/callback': ['post'],
  '/users/@me': ['get'],
  '/users/@me/channels': ['post'],
  '/webhooks/{webhook_id}/{webhook_token}': ['post'],
  '/webhooks/{webhook_id}/{webhook_token}/messages/@original': ['get', 'patch', 'delete'],
  '/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': ['get', 'patch', 'delete'],
}

// Properties the server never sends: false refuses them, and what only they lead to is left out.
const NEVER = new Set(
  `activity application call client_theme_settings clip_participants custom_client_theme lobby_member mention_channels
  message_snapshots poll purchase_notification reactions resolved role_subscription_data shared_client_theme
  sticker_items stickers sticker_ids team install_params integration_types_config guild_scheduled_event
  primary_guild nameplate collectibles avatar_decoration_data display_name_styles
  default_reaction_emoji available_tags thread linked_lobby`.split(/\s+/),
)

const repository = process.argv[2]
if (!repository)
  throw new Error('usage: node cut-openapi.mjs <clone or git folder of discord/discord-api-spec>')
const git = (/** @type {string[]} */ ...args) =>
  execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim()
const whole = JSON.parse(git('show', 'HEAD:specs/openapi.json'))

/** Without words for people, and without what is never sent. */
function lean(value) {
  if (Array.isArray(value)) return value.map((one) => lean(one))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if (['description', 'title', 'examples'].includes(key)) return []
    if (key === 'oneOf' && isNamedValues(inner)) return [['enum', inner.map((one) => one.const)]]
    return [[key, key === 'properties' ? leanProperties(inner, value.required ?? []) : lean(inner)]]
  })
  return Object.fromEntries(entries)
}

function leanProperties(properties, required) {
  const EMPTY = { type: ['null', 'array'], maxItems: 0 }
  const entries = Object.entries(properties).map(([key, inner]) => {
    if (!NEVER.has(key)) return [key, lean(inner)]
    return [key, required.includes(key) ? EMPTY : false]
  })
  return Object.fromEntries(entries)
}

const isNamedValues = (branches) =>
  branches.every(
    (one) => 'const' in one && Object.keys(one).every((key) => /const|title|description/.test(key)),
  )

const routes = {}
for (const [path, methods] of Object.entries(ROUTES)) {
  for (const method of methods) {
    const operation = whole.paths[path][method]
    const route = { answers: {} }
    for (const [status, answer] of Object.entries(operation.responses)) {
      if (/^2\d\d$/.test(status))
        route.answers[status] = lean(answer.content?.['application/json']?.schema ?? null)
    }
    const body = operation.requestBody?.content['application/json']?.schema
    if (body) route.body = lean(body)
    routes[`${method.toUpperCase()} ${path}`] = route
  }
}

const schemas = {}
const need = (value) => {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    if (name in schemas) continue
    schemas[name] = lean(whole.components.schemas[name])
    need(schemas[name])
  }
}
need(routes)

const lines = (record) =>
  Object.keys(record)
    .sort()
    .map((key) => `    ${JSON.stringify(key)}: ${JSON.stringify(record[key])}`)
    .join(',\n')
const source = `discord/discord-api-spec specs/openapi.json ${git('log', '-1', '--format=%h of %as')}, cut by cut-openapi.mjs`
const text = `{
  "source": ${JSON.stringify(source)},
  "licence": "MIT, Copyright 2023 Discord",
  "routes": {
${lines(routes)}
  },
  "components": { "schemas": {
${lines(schemas)}
  } }
}
`
writeFileSync(join(import.meta.dirname, 'openapi.json'), text)
console.log(`${Object.keys(schemas).length} schemas, ${text.length} characters`)
