// A process of its own that uses the embedded database of the folder named by its argument, until its stdin ends.
import { openEmbedded } from '../../src/store/embedded.ts'

const embedded = await openEmbedded({ dataDir: process.argv[2] ?? '', onLine: (line) => console.error(line) })
console.log(embedded.url)
process.stdin.resume().once('end', () => void embedded.close())
