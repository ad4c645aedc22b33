// Whether a card keeps within Slack's limits, and what it says.
import { expect } from 'vitest'
import type { CardMessage } from '../../../src/chat/slack/render.ts'

type Json = { [key: string]: unknown }

/** Every text of a message that Slack reads as mrkdwn. */
export function mrkdwnIn(message: CardMessage): string[] {
  return [message.text, ...textsIn(message.blocks, 'mrkdwn')]
}

export function textsIn(node: unknown, type: string): string[] {
  if (Array.isArray(node)) return node.flatMap((one) => textsIn(one, type))
  if (typeof node !== 'object' || node === null) return []
  const { type: own, text, ...rest } = node as Json
  const mine = own === type && typeof text === 'string' ? [text] : textsIn(text, type)
  return [...mine, ...textsIn(Object.values(rest), type)]
}

export const everything = (message: CardMessage) => JSON.stringify(message)

/** https://docs.slack.dev/reference/block-kit/blocks; all together near 13,200 characters. */
export function expectWithinLimits(message: CardMessage) {
  const { text, blocks } = message
  expect(text).toMatch(/^[^\n]{3,1000}$/)
  expect(text.isWellFormed()).toBe(true)
  expect(blocks.length).toBeLessThanOrEqual(50)
  expect(JSON.stringify(blocks).length).toBeLessThan(13_000)
  const fits = (of: unknown, longest: number) => {
    const shownText = of as string
    expect(shownText.trim().length).toBeGreaterThan(0)
    expect(shownText.length).toBeLessThanOrEqual(longest)
    expect(shownText.isWellFormed()).toBe(true)
  }
  for (const block of blocks as unknown as Json[]) {
    switch (block['type']) {
      case 'header':
        expect(block['text']).toMatchObject({ type: 'plain_text' })
        fits((block['text'] as Json)['text'], 150)
        break
      case 'section': {
        fits((block['text'] as Json)['text'], 3000)
        const picture = block['accessory'] as { image_url: string } | undefined
        if (picture) expect(picture.image_url).toMatch(/^https:\/\/\S{1,2990}$/)
        break
      }
      case 'context': {
        const elements = block['elements'] as Json[]
        expect(elements.length).toBeLessThanOrEqual(10)
        for (const element of elements) fits(element['text'], 2000)
        break
      }
      case 'plan': {
        fits(block['title'], 150)
        const tasks = block['tasks'] as Json[]
        expect(tasks.length).toBeGreaterThan(0)
        for (const task of tasks) fits(task['title'], 150)
        break
      }
      case 'actions':
        for (const element of block['elements'] as Json[]) {
          fits(element['action_id'], 255)
          if (element['type'] === 'static_select') expectMenu(element, fits)
          else {
            fits((element['text'] as Json)['text'], 75)
            fits(element['value'], 2000)
          }
        }
        break
      default:
        throw new Error(`a block of no known type: ${block['type']}`)
    }
  }
}

/** https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
function expectMenu(menu: Json, fits: (of: unknown, longest: number) => void) {
  fits((menu['placeholder'] as Json)['text'], 150)
  const options = menu['options'] as Json[]
  expect(options.length).toBeGreaterThan(0)
  expect(options.length).toBeLessThanOrEqual(100)
  expect(new Set(options.map(({ value }) => value)).size).toBe(options.length)
  for (const { text, value, description } of options) {
    fits((text as Json)['text'], 75)
    fits(value, 150)
    if (description) fits((description as Json)['text'], 75)
  }
}
