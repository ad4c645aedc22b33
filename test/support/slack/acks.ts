// What the app acknowledges with, taken as Slack takes it.
import { Refusal } from './errors.ts'
import type { Interaction } from './interaction.ts'
import { apply } from './response-urls.ts'
import { isObject, type Json } from './rules.ts'
import { mustBeView, View } from './views.ts'
import type { World } from './world.ts'

/** @param body the JSON, the plain text, or nothing */
export function takeAck(world: World, interaction: Interaction, body: unknown): void {
  const isNothing = body === undefined || body === '' || (isObject(body) && Object.keys(body).length === 0)
  if (isNothing) {
    if (interaction.kind === 'view_submission' && interaction.modal) interaction.modal.isOpen = false
    return
  }
  const complain = (what: string) => world.problems.push(`ack of a ${interaction.kind}: ${what}`)
  try {
    if (interaction.kind === 'command') {
      const args: Json = typeof body === 'string' ? { text: body } : isObject(body) ? body : {}
      apply(world, interaction, args, 'ack')
    } else if (interaction.kind === 'view_submission') {
      if (!isObject(body)) complain('text is not taken')
      else takeViewAck(interaction, body, complain)
    } else complain(`a body is not taken: ${JSON.stringify(body)}`)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    complain(`${error.error} ${JSON.stringify(error.more)}`)
  }
}

function takeViewAck(interaction: Interaction, body: Json, complain: (what: string) => void): void {
  const view = interaction.modal
  const grant = interaction.workspace.grant
  if (!view || !grant) return
  switch (body['response_action']) {
    case 'errors': {
      const errors = body['errors']
      if (!isObject(errors) || Object.keys(errors).length === 0) return void complain('errors are missing')
      const inputs = view.blocks
        .filter((block) => block['type'] === 'input')
        .map((block) => block['block_id'])
      for (const [id, message] of Object.entries(errors)) {
        if (!inputs.includes(id)) complain(`no input block ${id} for an error`)
        if (typeof message !== 'string' || message === '') complain(`the error of ${id} is no text`)
      }
      view.errors = errors as Record<string, string>
      return
    }
    case 'update':
      return void view.show(mustBeView(body['view'], grant))
    case 'push':
      interaction.modal = new View(view.user, grant, mustBeView(body['view'], grant))
      return
    case 'clear':
      view.isOpen = false
      return
    default:
      complain(`unknown response_action ${body['response_action']}`)
  }
}
