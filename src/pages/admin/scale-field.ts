// How many jobs of a queue may run at once on each machine: a number field, with a button once it says something else.
import { element, setAttribute } from '../element.ts'
import { changeQueue } from './api.ts'
import { askFor } from './press.ts'

const MOST = 64

export function scaleField(
  stage: string,
  label: string,
): { element: HTMLElement; show(perMachine: number | null): void } {
  const field = element('input', {
    type: 'number',
    min: 1,
    max: MOST,
    step: 1,
    inputmode: 'numeric',
    autocomplete: 'off',
    placeholder: 'own',
    'aria-label': `${label}: jobs at once on each machine`,
    title: "Empty: as each machine's own settings say",
  })
  const set = element(
    'button',
    { type: 'submit', class: 'small', hidden: true, 'aria-label': `Set ${label}` },
    'Set',
  )
  const form = element('form', { class: 'scale', novalidate: true }, field, set)
  let shown = ''

  const showButton = () => {
    set.hidden = field.value === shown
  }
  field.addEventListener('input', showButton)
  field.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return
    field.value = shown
    showButton()
  })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const isRight = field.checkValidity()
    setAttribute(field, 'aria-invalid', isRight ? null : 'true')
    if (!isRight) return field.focus()
    const limit = field.value === '' ? null : Number(field.value)
    const done = `${label}: ${limit ?? 'as many as its settings say'} at once on each machine`
    if (!(await askFor(() => changeQueue(stage, { action: 'scale', limit }), done))) return
    shown = field.value
    field.focus()
    showButton()
  })

  return {
    element: form,
    show(perMachine) {
      const now = perMachine === null ? '' : String(perMachine)
      // What somebody is writing stays.
      if (field.value === shown) field.value = now
      shown = now
      showButton()
    },
  }
}
