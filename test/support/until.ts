// Waits for a condition, never for a time.

/** Repeats `look` until it gives something. @throws when it does not within `withinSeconds` */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinSeconds = 20,
): Promise<T> {
  const deadline = performance.now() + withinSeconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`not seen within ${withinSeconds} s: ${look}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
