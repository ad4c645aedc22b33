import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSettings, settingsSchema } from '../src/config.ts'

const CLONE = join(import.meta.dirname, '..')

describe('settings', () => {
  test('.env.example names every setting, with its default', async () => {
    const lines = (await readFile(join(CLONE, '.env.example'), 'utf8'))
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
    const example = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
    expect(Object.keys(example).sort()).toEqual(Object.keys(settingsSchema.shape).sort())
    const { threadsPerTool: _, ...defaults } = readSettings({}, '/clone')
    const given = readSettings(example, '/clone')
    expect(given).toMatchObject(defaults)
    expect(given.DATA_DIR).toBe('/clone/.data')
  })

  test('every problem is named at once, and no value is', () => {
    const wrong = {
      DATABASE_URL: 'mysql://ann:hunter2@host/db',
      DEVICE: 'tpu',
      PORT: '70000',
      ACCESS_SECRET: 'short',
      MODEL: '../x',
    }
    const read = () => readSettings(wrong, '/clone')
    expect(read).toThrow(expect.objectContaining({ code: 'bad_settings' }))
    for (const name of Object.keys(wrong)) expect(read).toThrow(new RegExp(name))
    expect(read).not.toThrow(/hunter2|short|tpu/)
  })

  test("half of Discord's settings is named as such", () => {
    const token = 'secret-of-mine'
    expect(() => readSettings({ DISCORD_TOKEN: token }, '/clone')).toThrow(
      /DISCORD_APPLICATION_ID: must be set too, as DISCORD_TOKEN is/,
    )
    expect(() => readSettings({ DISCORD_TOKEN: token }, '/clone')).not.toThrow(/secret-of-mine/)
    const id = '123456789012345678'
    expect(() => readSettings({ DISCORD_APPLICATION_ID: id, DISCORD_TOKEN: ' ' }, '/clone')).toThrow(
      /DISCORD_TOKEN/,
    )
    const both = readSettings({ DISCORD_APPLICATION_ID: id, DISCORD_TOKEN: token }, '/clone')
    expect(both).toMatchObject({ DISCORD_APPLICATION_ID: id, DISCORD_TOKEN: token })
  })
})
