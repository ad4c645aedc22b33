import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../../commands/index.ts'
import { usageOf } from '../../../commands/options.ts'
import { slackSpelling, usageHint } from '../../../src/chat/slack/usage.ts'
import { depsOf } from '../../commands/person.ts'
import { createWorld } from '../../support/world.ts'

function named(name: string) {
  const command = COMMANDS.find((one) => one.name === name)
  if (!command) throw new Error(`no command ${name}`)
  return command
}

describe('how a command is written on Slack', () => {
  test.each([
    ['separate', '/separate <song> [stems=vocals,drums,…] [model=<text>] [format=mp3|flac|wav]'],
    ['analyze', '/separate analyze <song>'],
    ['status', '/separate status [number]'],
    ['history', '/separate history [working|delivered|failed|cancelled]'],
    ['wrong', '/separate wrong <number> <song>'],
    [
      'queue',
      '/separate queue [show|pause|resume|scale|unscale|drain] [queue=resolve|download|processing|analysis|delivery] [limit=<number>]',
    ],
  ])('%s', (name, usage) => {
    expect(usageOf(named(name), slackSpelling())[0]).toBe(usage)
  })

  test('in the examples too, and with the name that the workspace gave it', () => {
    const spelling = slackSpelling('/stems')
    expect(usageOf(named('cancel'), spelling)[1]).toBe('/stems cancel 12')
    expect(usageOf(named('queue'), spelling)[1]).toBe('/stems queue pause queue=processing')
    expect(usageOf(named('separate'), spelling)[2]).toBe('/stems Rick Astley Never Gonna Give You Up')
    expect(spelling.option('stems', 'vocals, drums', false)).toBe('stems="vocals, drums"')
  })

  test('the hint is the usage without the command', () => {
    expect(usageHint(named('separate'))).toBe(
      '<song> [stems=vocals,drums,…] [model=<text>] [format=mp3|flac|wav]',
    )
  })

  test('help speaks so, and says where a file is given', async () => {
    const invocation = {
      interaction: {
        platform: 'slack',
        app: 'A1',
        externalId: '1',
        person: 'U1',
        workspace: 'T1',
        channel: 'C1',
      },
      manager: true,
      options: {},
      file: null,
      message: null,
      resumes: false,
      spelling: slackSpelling(),
    }
    const reply = await named('help').run(invocation, depsOf(await createWorld()))
    if (reply.kind !== 'text') throw new Error(reply.kind)
    for (const command of COMMANDS)
      expect(reply.lines.some((line) => line.endsWith(` - ${command.description}`))).toBe(true)
    expect(reply.lines).toContain('with a file: Separate this file, in the menu of its message')
    expect(reply.lines.join('\n')).not.toMatch(/\[file\]|[a-z]:[a-z<]|^\/(?!separate)/m)
    expect(reply.lines.join('\n').length).toBeLessThan(3000)
  })
})
