// The file store that the settings name.
import { join } from 'node:path'
import type { Settings } from '../config.ts'
import { openDiskFiles } from './disk.ts'
import type { Files } from './files.ts'
import { s3Place } from './s3-place.ts'

/**
 * @param root this machine's folder of songs
 * @throws UserError `bad_settings` or `files_unavailable` where the bucket is not to be had
 */
export async function openFiles(settings: Settings, root: string): Promise<Files> {
  const place = s3Place(settings)
  if (!place) return openDiskFiles(root)
  // The SDK is loaded only where it is used: 60 MB.
  const { openS3Files } = await import('./s3.ts')
  return openS3Files(place, join(settings.DATA_DIR, 'cache', 'files'))
}
