// Modals: what one may ask for, beyond what the description says about single fields, and what a person can send from it.
import { type Issue, invalidForm, issue, required } from './errors.ts'
import type { Json } from './world.ts'

type Path = (string | number)[]
type Field = { one: Json; path: Path; labelled: boolean }

const TEXT = 4
const MAX_ROWS = 5

/** @throws 50035 */
export function mustBeModal(modal: Json): void {
  const rows = modal['components'] as Json[]
  const issues: Issue[] = []
  if (rows.length > MAX_ROWS)
    issues.push(issue(['components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.'))
  const seen = new Set<unknown>()
  for (const { one, path, labelled } of fieldsOf(rows)) {
    const id = one['custom_id']
    if (seen.has(id)) {
      const message = 'Component custom id cannot be duplicated'
      issues.push(issue([...path, 'custom_id'], 'COMPONENT_CUSTOM_ID_DUPLICATED', message))
    }
    seen.add(id)
    if (one['disabled'])
      issues.push(
        issue([...path, 'disabled'], 'MODAL_COMPONENT_DISABLED', 'Modals have none that is disabled'),
      )
    if (one['type'] === TEXT) issues.push(...wrongText(one, path, labelled))
  }
  if (issues.length > 0) throw invalidForm(issues.map((one) => ({ ...one, path: ['data', ...one.path] })))
}

function wrongText(text: Json, path: Path, labelled: boolean): Issue[] {
  const [least, most] = lengthsOf(text)
  const issues: Issue[] = []
  if (labelled && text['label'])
    issues.push(issue([...path, 'label'], 'TEXT_INPUT_LABEL_IN_LABEL', 'Cannot be used within a label'))
  if (!labelled && !text['label']) issues.push(required([...path, 'label']))
  if (least > most)
    issues.push(issue([...path, 'min_length'], 'TEXT_INPUT_LENGTHS', 'min_length is above max_length'))
  return issues
}

/** What a person sends: of each text, or its default. @throws Error for what no client lets anybody send */
export function filledIn(modal: Json, values: Record<string, string>): Json[] {
  const rows = modal['components'] as Json[]
  const known = fieldsOf(rows).map(({ one }) => String(one['custom_id']))
  for (const id of Object.keys(values))
    if (!known.includes(id)) throw new Error(`the modal has no field ${id}`)
  let last = 0
  const fill = (one: Json): Json => {
    const { type, custom_id, component, components } = one
    last += 1
    return {
      type,
      id: one['id'] || last,
      ...(type === TEXT ? { custom_id, value: textIn(one, values) } : {}),
      ...(components ? { components: (components as Json[]).map(fill) } : {}),
      ...(component ? { component: fill(component as Json) } : {}),
    }
  }
  return rows.map(fill)
}

function textIn(text: Json, values: Record<string, string>): string {
  const id = String(text['custom_id'])
  const value = values[id] ?? String(text['value'] ?? '')
  const [least, most] = lengthsOf(text)
  const isLeftOut = value === '' && text['required'] === false
  if (!isLeftOut && (value.length < Math.max(least, 1) || value.length > most))
    throw new Error(`${id} takes ${Math.max(least, 1)} to ${most} characters`)
  if (text['style'] === 1 && /[\r\n]/.test(value)) throw new Error(`${id} is a single line`)
  return value
}

function lengthsOf(text: Json): [least: number, most: number] {
  return [Number(text['min_length'] ?? 0), Number(text['max_length'] ?? 4000)]
}

/** What can be filled in, in rows and in labels. */
function fieldsOf(rows: Json[]): Field[] {
  return rows.flatMap((row, at): Field[] => {
    const path = ['components', at]
    const component = row['component'] as Json | undefined
    if (component) return [{ one: component, path: [...path, 'component'], labelled: true }]
    const inner = (row['components'] as Json[] | undefined) ?? []
    return inner.map((one, n) => ({ one, path: [...path, 'components', n], labelled: false }))
  })
}
