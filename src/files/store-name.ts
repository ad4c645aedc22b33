// What a file store is called lies in the store itself: a bucket has more than one address, and a folder may be another machine's too.
import { randomUUID } from 'node:crypto'

export const NAME_FILE = '.store-name'

/**
 * @param read the name that lies there
 * @param write makes it lie there; of several that do at once, one counts for all
 */
export async function ownName(
  read: () => Promise<string | undefined>,
  write: (name: string) => Promise<void>,
): Promise<string> {
  const known = await read()
  if (known) return known
  const made = randomUUID().slice(0, 8)
  await write(made)
  return (await read()) ?? made
}
