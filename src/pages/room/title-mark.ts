// The tab's title, which counts what has become ready while nobody looked.

export function titleMark(title: string): { ready(): void } {
  let ready = 0
  const show = () => {
    document.title = ready > 0 ? `(${ready} ready) ${title}` : title
  }
  show()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    ready = 0
    show()
  })
  return {
    ready() {
      if (!document.hidden) return
      ready++
      show()
    },
  }
}
