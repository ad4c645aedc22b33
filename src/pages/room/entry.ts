// At the door: a name, and the room's secret where there is one.
import type { Me } from '../../chat/room/wire.ts'
import { byId, element, setText } from '../element.ts'
import { failureWords, Refused } from '../failures.ts'
import { enter } from './api.ts'

const NAME_KEY = 'room.name'

export function rememberName(name: string): void {
  localStorage.setItem(NAME_KEY, name)
}

/** Resolves once the person has entered. */
export function atTheDoor({ needsSecret }: Me): Promise<Me> {
  const door = byId('door', HTMLElement)
  const form = byId('entry', HTMLFormElement)
  const name = byId('entry-name', HTMLInputElement)
  const secret = byId('entry-secret', HTMLInputElement)
  const trouble = byId('entry-trouble', HTMLElement)
  const go = byId('entry-go', HTMLButtonElement)
  byId('entry-secret-row', HTMLElement).hidden = !needsSecret
  secret.required = needsSecret
  name.value ||= localStorage.getItem(NAME_KEY) ?? ''
  door.hidden = false
  ;(name.value && needsSecret ? secret : name).focus()

  return new Promise((resolve) => {
    const left = new AbortController()
    form.addEventListener(
      'submit',
      async (event) => {
        event.preventDefault()
        if (go.disabled) return
        go.disabled = true
        trouble.replaceChildren()
        try {
          const wanted = name.value.trim()
          const me = await enter({ name: wanted, ...(needsSecret ? { secret: secret.value } : {}) })
          rememberName(me.person?.name ?? wanted)
          secret.value = ''
          left.abort()
          door.hidden = true
          resolve(me)
        } catch (error) {
          const words = element('p')
          setText(words, failureWords(error))
          trouble.append(words)
          if (error instanceof Refused && error.code === 'wrong_secret') secret.select()
        } finally {
          go.disabled = false
        }
      },
      { signal: left.signal },
    )
  })
}
