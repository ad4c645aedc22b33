// What a message may contain, beyond what the description says about single fields.
import { type Issue, invalidForm, issue, refusal, required } from './errors.ts'
import { isClumsy, issuesOf, unknownFields } from './openapi.ts'
import type { Json, World } from './world.ts'

export const FLAG = {
  SUPPRESS_EMBEDS: 1 << 2,
  EPHEMERAL: 1 << 6,
  LOADING: 1 << 7,
  SUPPRESS_NOTIFICATIONS: 1 << 12,
  VOICE_MESSAGE: 1 << 13,
  COMPONENTS_V2: 1 << 15,
} as const

type Path = (string | number)[]

/** Sent with every message by discord.js, whether or not the route knows it. */
const ALSO_KNOWN = new Set([
  'tts',
  'nonce',
  'enforce_nonce',
  'username',
  'avatar_url',
  'sticker_ids',
  'message_reference',
])

/** Holds a body against the description. @throws 50035 */
export function mustFitDescription(world: World, route: string, body: unknown, at: Path = []): void {
  for (const name of unknownFields(route, body))
    if (!ALSO_KNOWN.has(name)) world.problems.push(`${route}: unknown field ${name}`)
  const issues = issuesOf(route, body)
  if (isClumsy(issues)) world.problems.push(`${route}: ${JSON.stringify(issues)}`)
  if (issues.length > 0) throw invalidForm(issues.map((one) => ({ ...one, path: [...at, ...one.path] })))
}

/** The content of a message as it would be after a create or an edit. */
export type Content = { content: string; embeds: Json[]; components: Json[]; flags: number }

/** @throws 50035, 200000 */
export function mustBeSendable(world: World, next: Content, fileNames: string[], at: Path = []): void {
  const issues = [
    ...wrongContent(next.content),
    ...wrongEmbeds(next.embeds),
    ...(next.flags & FLAG.COMPONENTS_V2 ? wrongV2(next, fileNames) : wrongLegacy(next.components)),
    ...wrongCustomIds(next.components),
  ]
  if (issues.length > 0) throw invalidForm(issues.map((one) => ({ ...one, path: [...at, ...one.path] })))
  const text = textsOf(next).join('\n')
  if (world.blocked.some((pattern) => pattern.test(text))) throw refusal(200000)
}

const sized = (text: unknown) => [...String(text ?? '')].length

function wrongContent(content: string): Issue[] {
  if (sized(content) <= 2000) return []
  return [issue(['content'], 'BASE_TYPE_MAX_LENGTH', 'Must be 2000 or fewer in length.')]
}

function wrongEmbeds(embeds: Json[]): Issue[] {
  const issues: Issue[] = []
  let sum = 0
  embeds.forEach((embed, at) => {
    const author = (embed['author'] ?? {}) as Json
    const footer = (embed['footer'] ?? {}) as Json
    const fields = (embed['fields'] ?? []) as Json[]
    const image = (embed['image'] ?? {}) as Json
    const thumbnail = (embed['thumbnail'] ?? {}) as Json
    const texts = [embed['title'], embed['description'], author['name'], footer['text']]
    for (const text of [...texts, ...fields.flatMap((one) => [one['name'], one['value']])]) sum += sized(text)
    const says = texts.some((text) => sized(text) > 0) || fields.length > 0
    if (!says && !image['url'] && !thumbnail['url']) issues.push(required(['embeds', at, 'description']))
    fields.forEach((field, n) => {
      for (const key of ['name', 'value'])
        if (String(field[key] ?? '').trim() === '') issues.push(required(['embeds', at, 'fields', n, key]))
    })
    issues.push(...wrongUrl(image['url'], ['embeds', at, 'image', 'url'], true))
    issues.push(...wrongUrl(thumbnail['url'], ['embeds', at, 'thumbnail', 'url'], true))
    issues.push(...wrongUrl(author['icon_url'], ['embeds', at, 'author', 'icon_url'], true))
    issues.push(...wrongUrl(footer['icon_url'], ['embeds', at, 'footer', 'icon_url'], true))
    issues.push(...wrongUrl(author['url'], ['embeds', at, 'author', 'url'], false))
    issues.push(...wrongUrl(embed['url'], ['embeds', at, 'url'], false))
    const { timestamp } = embed
    if (timestamp && Number.isNaN(Date.parse(String(timestamp))))
      issues.push(
        issue(
          ['embeds', at, 'timestamp'],
          'DATE_TIME_TYPE_PARSE',
          `Could not parse ${timestamp}. Should be ISO8601.`,
        ),
      )
  })
  if (sum > 6000)
    issues.push(issue(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000'))
  return issues
}

function wrongUrl(value: unknown, path: Path, mayBeAttachment: boolean): Issue[] {
  if (value === undefined || value === null || value === '') return []
  const schemes = mayBeAttachment ? ['http', 'https', 'attachment'] : ['http', 'https', 'discord']
  const [, scheme = ''] = /^([a-z][a-z\d+.-]*):/i.exec(String(value)) ?? []
  if (scheme && !schemes.includes(scheme.toLowerCase())) {
    const list = schemes.map((one) => `'${one}'`).join(', ')
    const message = `Scheme "${scheme.toLowerCase()}" is not supported. Scheme must be one of (${list}).`
    return [issue(path, 'URL_TYPE_INVALID_SCHEME', message)]
  }
  if (scheme.toLowerCase() === 'attachment' && /^attachment:\/\/[\w.-]+$/i.test(String(value))) return []
  if (/\s/.test(String(value)) || !URL.canParse(String(value)) || !/^\w+:\/\/[^/]+/.test(String(value)))
    return [issue(path, 'URL_TYPE_INVALID_URL', 'Not a well formed URL.')]
  return []
}

/** Every component with where it lies. */
export function allComponents(components: Json[], at: Path = ['components']): { one: Json; path: Path }[] {
  return components.flatMap((one, n) => {
    const path = [...at, n]
    const inner = (one['components'] as Json[] | undefined) ?? []
    const accessory = one['accessory'] as Json | undefined
    return [
      { one, path },
      ...allComponents(inner, [...path, 'components']),
      ...(accessory ? [{ one: accessory, path: [...path, 'accessory'] }] : []),
    ]
  })
}

const isButton = (one: Json) => one['type'] === 2
const isSelect = (one: Json) => [3, 5, 6, 7, 8].includes(one['type'] as number)

function wrongCustomIds(components: Json[]): Issue[] {
  const seen = new Set<string>()
  const issues: Issue[] = []
  for (const { one, path } of allComponents(components)) {
    const id = one['custom_id']
    if (isButton(one)) issues.push(...wrongButton(one, path))
    if (isSelect(one)) issues.push(...wrongSelect(one, path))
    if (typeof id !== 'string') continue
    if (seen.has(id))
      issues.push(
        issue(
          [...path, 'custom_id'],
          'COMPONENT_CUSTOM_ID_DUPLICATED',
          'Component custom id cannot be duplicated',
        ),
      )
    seen.add(id)
  }
  return issues
}

function wrongButton(button: Json, path: Path): Issue[] {
  const { style, custom_id, url, label, emoji } = button
  const issues: Issue[] = []
  if (style === 5) {
    if (!url) issues.push(issue([...path, 'url'], 'BUTTON_COMPONENT_URL_REQUIRED', 'A url is required'))
    if (custom_id)
      issues.push(
        issue(
          path,
          'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE',
          'A custom id and url cannot both be specified',
        ),
      )
    issues.push(...wrongUrl(url, [...path, 'url'], false))
  } else if (style !== 6) {
    if (!custom_id)
      issues.push(
        issue([...path, 'custom_id'], 'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED', 'A custom id is required'),
      )
    if (url)
      issues.push(issue(path, 'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE', 'A url is for links only'))
  }
  if (style !== 6 && !label && !emoji)
    issues.push(issue(path, 'BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED', 'A label or emoji is required'))
  return issues
}

function wrongSelect(select: Json, path: Path): Issue[] {
  const options = (select['options'] as Json[] | undefined) ?? []
  const values = options.map((one) => one['value'])
  if (new Set(values).size === values.length) return []
  const message = 'The specified option value is already used'
  return [issue([...path, 'options'], 'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED', message)]
}

function wrongLegacy(components: Json[]): Issue[] {
  const issues: Issue[] = []
  if (components.length > 5)
    issues.push(issue(['components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.'))
  components.forEach((row, at) => {
    const path = ['components', at]
    if (row['type'] !== 1) {
      const message = 'Value of field "type" must be one of (1,).'
      issues.push(issue([...path, 'type'], 'UNION_TYPE_CHOICES', message))
      return
    }
    const width = (row['components'] as Json[]).reduce((sum, one) => sum + (isSelect(one) ? 5 : 1), 0)
    const message = 'The components displayed as a row exceed the maximum width of 5'
    if (width > 5) issues.push(issue([...path, 'components'], 'COMPONENT_LAYOUT_WIDTH_EXCEEDED', message))
  })
  return issues
}

const TOP_LEVEL_V2 = [1, 9, 10, 12, 13, 14, 17]

function wrongV2({ content, embeds, components }: Content, fileNames: string[]): Issue[] {
  const issues: Issue[] = []
  for (const [field, there] of [
    ['content', content !== ''],
    ['embeds', embeds.length > 0],
  ] as const) {
    const message = `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`
    if (there) issues.push(issue([field], 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2', message))
  }
  const all = allComponents(components)
  if (all.length > 40)
    issues.push(
      issue(['components'], 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', 'Must be 40 or fewer in total.'),
    )
  const text = all.reduce((sum, { one }) => sum + (one['type'] === 10 ? sized(one['content']) : 0), 0)
  if (text > 4000)
    issues.push(
      issue(
        ['components'],
        'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
        'The maximum displayable text is 4000',
      ),
    )
  components.forEach((one, at) => {
    const message = `Value of field "type" must be one of (${TOP_LEVEL_V2.join(', ')}).`
    if (!TOP_LEVEL_V2.includes(one['type'] as number))
      issues.push(issue(['components', at, 'type'], 'UNION_TYPE_CHOICES', message))
  })
  for (const { url, path, isFile } of mediaOf(components)) {
    const [, name] = /^attachment:\/\/(.+)$/.exec(url) ?? []
    if (name && !fileNames.includes(name)) {
      const message = `The referenced attachment ("attachment://${name}") was not found`
      issues.push(issue(path, 'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND', message))
    } else if (isFile && !name) {
      issues.push(
        issue(path, 'UNFURLED_MEDIA_ITEM_ATTACHMENT_REQUIRED', 'Must be an attachment:// reference'),
      )
    } else issues.push(...wrongUrl(url, path, true))
  }
  return issues
}

/** Files, thumbnails and gallery items of components. */
function mediaOf(components: Json[]): { url: string; path: Path; isFile: boolean }[] {
  return allComponents(components).flatMap(({ one, path }) => {
    const file = one['file'] as Json | undefined
    const media = one['media'] as Json | undefined
    const items = (one['items'] as Json[] | undefined) ?? []
    return [
      ...(file ? [{ url: String(file['url']), path: [...path, 'file', 'url'], isFile: true }] : []),
      ...(media ? [{ url: String(media['url']), path: [...path, 'media', 'url'], isFile: false }] : []),
      ...items.map((item, n) => ({
        url: String((item['media'] as Json)['url']),
        path: [...path, 'items', n, 'media', 'url'],
        isFile: false,
      })),
    ]
  })
}

/** Names of files that embeds and components show. */
export function shownNames({ embeds, components }: Pick<Content, 'embeds' | 'components'>): Set<string> {
  const ofEmbeds = embeds.flatMap((embed) =>
    [
      (embed['image'] as Json | undefined)?.['url'],
      (embed['thumbnail'] as Json | undefined)?.['url'],
      (embed['author'] as Json | undefined)?.['icon_url'],
      (embed['footer'] as Json | undefined)?.['icon_url'],
    ].map(String),
  )
  const urls = [...ofEmbeds, ...mediaOf(components).map(({ url }) => url)]
  return new Set(urls.flatMap((url) => /^attachment:\/\/(.+)$/.exec(url)?.[1] ?? []))
}

/** Everything a person reads in it. */
function textsOf({ content, embeds, components }: Content): string[] {
  const inEmbeds = embeds.flatMap((embed) => [
    embed['title'],
    embed['description'],
    (embed['author'] as Json | undefined)?.['name'],
    (embed['footer'] as Json | undefined)?.['text'],
    ...((embed['fields'] as Json[] | undefined) ?? []).flatMap((one) => [one['name'], one['value']]),
  ])
  const inComponents = allComponents(components).flatMap(({ one }) => [
    one['content'],
    one['label'],
    one['placeholder'],
    ...((one['options'] as Json[] | undefined) ?? []).flatMap(({ label, description }) => [
      label,
      description,
    ]),
  ])
  return [content, ...inEmbeds, ...inComponents].filter(Boolean).map(String)
}
