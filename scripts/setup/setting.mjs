import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/** A setting as the program will read it: from the environment, else from `.env`. */
export function setting(name) {
  if (process.env[name]) return process.env[name]
  const file = join(root, '.env')
  if (!existsSync(file)) return undefined
  return readFileSync(file, 'utf8').match(
    new RegExp(`^\\s*${name}\\s*=\\s*["']?([^"'\\n#]+?)["']?\\s*$`, 'm'),
  )?.[1]
}
