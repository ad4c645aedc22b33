// What one reader has not taken yet, and its wait for more.

export class Waiting<News> {
  /** The oldest first. */
  protected readonly news = new Map<string, News>()
  protected wake = () => {}
  private readonly onLeave: () => void
  private isOver = false

  constructor(onLeave: () => void) {
    this.onLeave = onLeave
  }

  /** Waits for it, but not for longer. `over` when nothing follows. */
  async next(withinMs: number): Promise<News | 'nothing' | 'over'> {
    if (this.news.size === 0 && !this.isOver)
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, withinMs)
        this.wake = () => {
          clearTimeout(late)
          resolve()
        }
      })
    if (this.isOver) return 'over'
    for (const [key, news] of this.news) {
      this.news.delete(key)
      return news
    }
    return 'nothing'
  }

  leave(): void {
    if (this.isOver) return
    this.isOver = true
    this.wake()
    this.onLeave()
  }
}
