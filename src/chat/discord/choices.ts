// What somebody is asked to choose among, on the card: a list to listen to, and the menu to choose in. Pure.
// https://discord.com/developers/docs/components/reference#string-select
import { type APIStringSelectComponent, ComponentType } from 'discord-api-types/v10'
import type { Card } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { plainText } from '../foreign-text.ts'
import { linesWithin } from '../reply-marks.ts'
import { foreignText, foreignWords, linkTo } from './markdown.ts'

type Choice = Card['choices'][number]

const LONGEST = { name: 100, address: 150, detail: 80, option: 100 }
const NAMELESS = 'Recording'

/** Discord refuses a menu with a value that is long, or there twice. */
function offered({ choices }: Card): Choice[] {
  return choices.filter(
    ({ value }, at) =>
      value.length <= LONGEST.option && choices.findIndex((one) => one.value === value) === at,
  )
}

/** The question and what there is to choose among, numbered, each a link. @param room in UTF-16 units */
export function choiceList(card: Card, room: number): string {
  const choices = offered(card)
  if (choices.length === 0) return ''
  const lines = choices.map((choice, index) => `${index + 1}. ${choiceLine(choice)}`)
  return linesWithin('**Which one is it?** Listen, then choose below.', lines, (line) => line, room)
}

function choiceLine({ label, detail, link }: Choice): string {
  const name = foreignWords(label, LONGEST.name) || NAMELESS
  return [linkTo(link, name, LONGEST.address) ?? name, foreignText(detail, LONGEST.detail)]
    .filter(Boolean)
    .join(' · ')
}

/** The menu to choose in; its numbers are those of the list. */
export function choiceMenu(card: Card): APIStringSelectComponent | undefined {
  const choices = offered(card)
  if (choices.length === 0) return undefined
  return {
    type: ComponentType.StringSelect,
    custom_id: buttonId('choose', card.id),
    placeholder: 'Which one is it?',
    options: choices.map(({ value, label, detail }, index) => {
      const description = plainText(detail, LONGEST.option)
      return {
        label: plainText(`${index + 1}. ${plainText(label, LONGEST.option) || NAMELESS}`, LONGEST.option),
        value,
        ...(description ? { description } : {}),
      }
    }),
  }
}
