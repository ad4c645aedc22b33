// The tab's title, which tells of what has become ready, or waits for a choice, while nobody looked.

export type TitleMark = { ready(): void; asks(): void }

export function titleMark(title: string): TitleMark {
  let ready = 0
  let asking = 0
  const show = () => {
    const news = [asking > 0 ? `${asking} to choose` : '', ready > 0 ? `${ready} ready` : ''].filter(Boolean)
    document.title = news.length > 0 ? `(${news.join(', ')}) ${title}` : title
  }
  show()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    ready = 0
    asking = 0
    show()
  })
  return {
    ready() {
      if (!document.hidden) return
      ready++
      show()
    },
    asks() {
      if (!document.hidden) return
      asking++
      show()
    },
  }
}
