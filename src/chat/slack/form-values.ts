// What was filled into a command's form, as `parseOptions` takes it, and where the form says what is wrong with it. Pure.
import type { Command } from '../../../commands/command.ts'
import { describeOptions } from '../../../commands/options.ts'
import type { UserError } from '../../errors.ts'

/** A file as a form brings it. */
export type ModalFile = {
  id: string
  name: string
  mimetype: string
  size?: number | undefined
  url_private_download: string
}
/** What Slack says of a form's fields. */
export type ViewState<File extends { id: string } = ModalFile> = {
  values: Record<string, Record<string, Field<File>>>
}
type Field<File> = {
  type: string
  value?: string | null | undefined
  selected_option?: { value: string } | null | undefined
  selected_options?: { value: string }[] | null | undefined
  files?: File[] | null | undefined
}

/** What was filled in; an empty field is none. */
export function valuesOf<File extends { id: string }>({
  values: blocks,
}: ViewState<File>): {
  values: Record<string, unknown>
  file: File | null
} {
  const values = new Map<string, string>()
  let file: File | null = null
  for (const fields of Object.values(blocks))
    for (const [name, field] of Object.entries(fields)) {
      if (field.type === 'file_input') {
        file = field.files?.[0] ?? file
        continue
      }
      const chosen = field.selected_options?.map(({ value }) => value).join(', ')
      const value = (field.value ?? field.selected_option?.value ?? chosen ?? '').trim()
      if (value !== '') values.set(name, value)
    }
  return { values: Object.fromEntries(values), file }
}

/**
 * Where the form shows an error: at the option that the sentence begins with, or at the song; for `response_action: 'errors'`.
 * @param known the options that it does not ask for
 */
export function errorsOf(
  command: Command,
  { message }: UserError,
  known: readonly string[] = [],
): Record<string, string> {
  const options = describeOptions(command).filter(({ name }) => !known.includes(name))
  const named = options.find(({ name }) => message.startsWith(`${name}: `))
  const at = named ?? options.find(({ type }) => type === 'text') ?? options[0]
  if (!at) return {}
  return { [at.name]: named ? message.slice(`${named.name}: `.length) : message }
}
