// The elements of a list, held to what it shows: what stays is changed where it stands, so that sound plays on and focus is kept.

export type View<Item> = { element: Element; update(item: Item): void; dispose?(): void }
export type KeyedList<Item, Shown extends View<Item>> = {
  update(items: readonly Item[]): void
  get(key: string): Shown | undefined
}

/** `parent` holds nothing else. Two items of one key are one. */
export function keyedList<Item, Shown extends View<Item>>(
  parent: Element,
  keyOf: (item: Item) => string,
  make: (item: Item) => Shown,
): KeyedList<Item, Shown> {
  const views = new Map<string, Shown>()
  return {
    get: (key) => views.get(key),
    update(items) {
      const wanted = new Map(items.map((item) => [keyOf(item), item]))
      for (const [key, view] of views) {
        if (wanted.has(key)) continue
        view.dispose?.()
        view.element.remove()
        views.delete(key)
      }
      let at = parent.firstElementChild
      for (const [key, item] of wanted) {
        const there = views.get(key)
        const view = there ?? make(item)
        if (there) there.update(item)
        else views.set(key, view)
        if (view.element === at) at = at.nextElementSibling
        else parent.insertBefore(view.element, at)
      }
    },
  }
}

/** Lines of text, for `keyedList`. */
export function textView(name: keyof HTMLElementTagNameMap): (text: string) => View<string> {
  return (text) => {
    const element = document.createElement(name)
    element.textContent = text
    return { element, update() {} }
  }
}
