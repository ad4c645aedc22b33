// Parts of the page's HTML, which are there or the page is wrong.

export function find<E extends Element>(within: ParentNode, selector: string, type: new () => E): E {
  const found = within.querySelector(selector)
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`)
  return found
}

/** A copy of what a <template> holds, which is one element. */
export function copyOf(template: string): HTMLElement {
  const { content } = find(document, `template#${template}`, HTMLTemplateElement)
  return document.importNode(content, true).firstElementChild as HTMLElement
}
