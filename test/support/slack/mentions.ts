// Who is told of a new message: people it mentions in mrkdwn, in a markdown block, or by a rich_text element.
import { isObject } from './rules.ts'
import type { Message, World } from './world.ts'

const MENTION = /<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g
const ALL = /<!(channel|here|everyone)(?:\|[^>]*)?>/g

/** Ids of people; 'channel', 'here', 'everyone' where all are called. */
export function mentioned(world: World, message: Message): string[] {
  const found = new Set<string>()
  const read = (text: string) => {
    for (const [, id = ''] of text.matchAll(MENTION)) found.add(id)
    for (const [, range = ''] of text.matchAll(ALL)) found.add(range)
  }
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return void value.forEach(walk)
    if (!isObject(value)) return
    const { type } = value
    if ((type === 'mrkdwn' || type === 'markdown') && typeof value['text'] === 'string') read(value['text'])
    if (type === 'user') found.add(String(value['user_id']))
    if (type === 'broadcast') found.add(String(value['range']))
    for (const inner of Object.values(value)) walk(inner)
  }
  read(message.text)
  walk(message.blocks)
  return [...found].filter((id) => {
    const user = world.users.get(id)
    return user ? !user.isBot && user.workspace === message.channel.workspace : !/^[UW][A-Z0-9]{6,}$/.test(id)
  })
}
