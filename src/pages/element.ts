// Making and changing elements. Words go in as text alone: nothing here reads HTML.
import { find } from './find.ts'

type Attributes = Record<string, string | number | boolean | null>

/** Attributes that are false or null are left out; those that are true are there without a value. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) made.setAttribute(attribute, value === true ? '' : String(value))
  }
  made.append(...children)
  return made
}

/** A drawing of the page's own, by the id of its symbol without `icon-`. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('class', 'icon-drawing')
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#icon-${name}`)
  svg.append(use)
  return svg
}

/** What is as it was is not touched: no layout, and no screen reader that hears it again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** @param value null takes it away */
export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name)
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/** To a page that opens beside this one, which it gets no hold of. */
export const BESIDE = { target: '_blank', rel: 'noopener noreferrer' }

/** @param address leads nowhere unless by http or https; its own words where there are no others */
export function outerLink(address: string, ...words: (Node | string)[]): HTMLAnchorElement {
  const href = /^https?:\/\//i.test(address) ? address : null
  return element('a', { href, ...BESIDE }, ...(words.length > 0 ? words : [address]))
}

/** For a screen reader alone. */
export function hiddenWords(words: string): HTMLElement {
  return element('span', { class: 'visually-hidden' }, words)
}

/** An element that the page's HTML holds. */
export function byId<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  return find(document, `#${id}`, kind)
}

/** An address of this server as it may be followed; null for any other. */
export function ownAddress(address: string | null): string | null {
  if (address === null || !/^\/(?![/\\])/.test(address)) return null
  const { origin } = window.location
  return URL.canParse(address, origin) && new URL(address, origin).origin === origin ? address : null
}
