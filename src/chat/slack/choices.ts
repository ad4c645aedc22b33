// What somebody is asked to choose among: a list to listen to, and the menu to choose in. Pure.
// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#static_select
import type { ActionsBlock, KnownBlock } from '@slack/web-api'
import type { Card } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { plainText } from '../foreign-text.ts'
import { linesWithin } from '../reply-marks.ts'
import { LONGEST_SECTION, roomBeside, section, words } from './blocks.ts'
import { foreignMrkdwn, foreignWords, webLink } from './mrkdwn.ts'

type Choice = Card['choices'][number]

const LONGEST = { name: 120, link: 250, detail: 100, option: 75 }
const NAMELESS = 'Recording'

/** @param beside what else the card shows */
export function choiceBlocks({ id, choices }: Card, beside: (KnownBlock | undefined)[]): KnownBlock[] {
  const menu = menuOf(id, choices)
  const lines = choices.map((choice, index) => `${index + 1}. ${choiceLine(choice)}`)
  const room = Math.min(LONGEST_SECTION, roomBeside([...beside, menu]))
  const list = linesWithin('*Which one is it?* Listen, then choose below.', lines, (line) => line, room)
  return [section([list]), menu].filter((block) => block !== undefined)
}

function choiceLine({ label, detail, link }: Choice): string {
  const name = foreignWords(label, LONGEST.name) || NAMELESS
  return [webLink(link, name, LONGEST.link) ?? name, foreignMrkdwn(detail, LONGEST.detail)]
    .filter(Boolean)
    .join(' · ')
}

/** Its numbers are those of the list. */
function menuOf(requestId: string, choices: Choice[]): ActionsBlock {
  return {
    type: 'actions',
    elements: [
      {
        type: 'static_select',
        action_id: buttonId('choose', requestId),
        placeholder: words('Which one is it?'),
        options: choices.map(({ value, label, detail }, index) => {
          const name = plainText(label, LONGEST.option) || NAMELESS
          const description = plainText(detail, LONGEST.option)
          return {
            text: words(plainText(`${index + 1}. ${name}`, LONGEST.option)),
            value,
            ...(description ? { description: words(description) } : {}),
          }
        }),
      },
    ],
  }
}
