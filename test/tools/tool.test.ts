import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { subscribe, type ToolExit } from '../../src/telemetry/events.ts'
import { type PoolOptions, ToolPool } from '../../src/tools/pool.ts'
import { Tool } from '../../src/tools/tool.ts'
import { isAlive } from '../support/processes.ts'
import { scriptedCommands } from '../support/scripted.ts'
import { until } from '../support/until.ts'

describe('a tool', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-tool-'))
  const command = scriptedCommands(folder)('download')
  const request = { outDir: folder }
  const tools: Tool[] = []
  const start = async (actions: object[]) => {
    await Promise.all([0, 1, 2, 3].map((number) => rm(join(folder, `download.${number}`), { force: true })))
    await writeFile(join(folder, 'script.json'), JSON.stringify({ download: actions }))
    const tool = new Tool(command)
    tools.push(tool)
    return tool
  }
  const options = (more: object = {}) => ({
    signal: new AbortController().signal,
    stallSeconds: 10,
    onProgress: () => {},
    ...more,
  })
  const countedPool = (maxIdleBytes: number) => {
    let started = 0
    const counted = () => {
      started++
      return command
    }
    return {
      pool: new ToolPool('download', counted, { idleSeconds: 60, maxIdleBytes }),
      started: () => started,
    }
  }
  afterAll(async () => {
    for (const tool of tools) tool.kill('stopped')
    await Promise.all(tools.map((tool) => tool.exited))
    await rm(folder, { recursive: true })
  })

  test('answers with its result, reports progress, and serves the next request in the same process', async () => {
    const tool = await start([{ do: 'succeed', seconds: 0.3 }])
    const seen: number[] = []
    const onProgress = (fraction: number) => seen.push(fraction)
    expect(await tool.run('a', request, options({ onProgress }))).toMatchObject({
      type: 'result',
      id: 'a',
      title: 'Song',
    })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(await tool.run('b', request, options())).toMatchObject({ id: 'b' })
    expect(tool.dead).toBe(false)
  })

  test.each([
    [
      { do: 'crash' },
      { code: 'tool_crashed', retryable: true, stderrTail: expect.stringContaining('Traceback') },
    ],
    [{ do: 'oom' }, { code: 'tool_crashed', retryable: true, message: expect.stringContaining('memory') }],
    [
      { do: 'exit0' },
      { code: 'tool_crashed', retryable: true, message: expect.stringContaining('exit code 0') },
    ],
    [{ do: 'bad_json' }, { code: 'bad_answer', retryable: true }],
    [
      { do: 'error', code: 'not_audio', retryable: false, message: 'No.' },
      { code: 'not_audio', retryable: false, message: 'No.' },
    ],
  ])('that does %j is told apart', async (action, expected) => {
    const tool = await start([action])
    await expect(tool.run('a', request, options())).rejects.toMatchObject(expected)
  })

  test('that hangs is ended with its whole process group', async () => {
    await rm(join(folder, 'child.pid'), { force: true })
    const tool = await start([{ do: 'child' }])
    await expect(tool.run('a', request, options({ stallSeconds: 1 }))).rejects.toMatchObject({
      code: 'tool_stalled',
      retryable: true,
    })
    const child = Number(await readFile(join(folder, 'child.pid'), 'utf8'))
    await tool.exited
    await until(() => !isAlive(child), 5)
  })

  test('stops when it is asked, and stays warm', async () => {
    const tool = await start([{ do: 'stall' }, { do: 'succeed' }])
    const abort = new AbortController()
    const onProgress = () => abort.abort()
    await expect(tool.run('a', request, options({ signal: abort.signal, onProgress }))).rejects.toMatchObject(
      { code: 'cancelled' },
    )
    expect(await tool.run('b', request, options())).toMatchObject({ id: 'b' })
  })

  test('that does not listen is killed', async () => {
    const tool = await start([{ do: 'deaf', seconds: 600 }])
    const abort = new AbortController()
    await expect(
      tool.run('a', request, options({ signal: abort.signal, onProgress: () => abort.abort() })),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect(await tool.exited).toContain('SIGTERM')
  })

  test('that cannot be started says what to do', async () => {
    const tool = new Tool({ ...command, file: join(folder, 'nowhere') })
    await expect(tool.run('a', request, options())).rejects.toMatchObject({
      code: 'tool_crashed',
      message: expect.stringContaining('npm run setup'),
    })
  })

  test('a pool keeps one warm, replaces a dead one, and ends all', async () => {
    await start([{ do: 'succeed' }, { do: 'succeed' }, { do: 'crash' }, { do: 'succeed' }])
    const { pool, started } = countedPool(1e12)
    await pool.run(request, options())
    await pool.run(request, options())
    expect(started()).toBe(1)
    await expect(pool.run(request, options())).rejects.toMatchObject({ code: 'tool_crashed' })
    await pool.run(request, options())
    expect(started()).toBe(2)
    await pool.close()
  })

  test('a pool ends a tool whose job was cancelled, with what it had started', async () => {
    await rm(join(folder, 'child.pid'), { force: true })
    await start([{ do: 'child' }])
    const pool = new ToolPool('download', () => command, { idleSeconds: 60, maxIdleBytes: 1e12 })
    const abort = new AbortController()
    const run = pool.run(request, options({ signal: abort.signal }))
    const child = Number(
      await until(
        async () => (await readFile(join(folder, 'child.pid'), 'utf8').catch(() => '')) || undefined,
      ),
    )
    abort.abort()
    await expect(run).rejects.toMatchObject({ code: 'cancelled' })
    await until(() => !isAlive(child), 5)
    await pool.close()
  })

  test.each<[ToolExit, object, Partial<PoolOptions>]>([
    ['done', { do: 'succeed' }, { idleSeconds: 0 }],
    ['idle', { do: 'succeed' }, { idleSeconds: 0.1 }],
    ['memory', { do: 'succeed' }, { maxIdleBytes: 1 }],
    ['crashed', { do: 'crash' }, {}],
    ['crashed', { do: 'bad_json' }, {}],
    ['stalled', { do: 'child' }, {}],
    ['cancelled', { do: 'stall' }, {}],
    ['stopped', { do: 'succeed' }, {}],
  ])('a pool tells of each process, and that it ended as it was %s', async (reason, action, limits) => {
    await start([action])
    const told: string[] = []
    const ends = [
      subscribe('tool:start', ({ tool, pid }) => void told.push(`start ${tool} ${pid}`)),
      subscribe('tool:idle', ({ tool, pid }) => void told.push(`idle ${tool} ${pid}`)),
      subscribe('tool:busy', ({ tool, pid }) => void told.push(`busy ${tool} ${pid}`)),
      subscribe('tool:exit', (exit) => void told.push(`exit ${exit.tool} ${exit.pid} ${exit.reason}`)),
    ]
    const pool = new ToolPool('download', () => command, { idleSeconds: 60, maxIdleBytes: 1e12, ...limits })
    const abort = new AbortController()
    const onProgress = () => reason === 'cancelled' && abort.abort()
    const stallSeconds = reason === 'stalled' ? 1 : 10
    const run = () =>
      pool.run(request, options({ signal: abort.signal, onProgress, stallSeconds })).catch(() => {})
    await run()
    if (reason === 'stopped') await run()
    if (reason !== 'stopped') await until(() => told.some((line) => line.startsWith('exit')))
    await pool.close()
    for (const end of ends) end()
    const pid = told[0]?.split(' ')[2]
    expect(Number(pid)).toBeGreaterThan(1)
    expect(told).toEqual([
      `start download ${pid}`,
      ...(reason === 'idle' ? [`idle download ${pid}`] : []),
      ...(reason === 'stopped' ? ['idle', 'busy', 'idle'].map((state) => `${state} download ${pid}`) : []),
      `exit download ${pid} ${reason}`,
    ])
  })

  test('a pool lets go of a tool that has grown', async () => {
    await start([{ do: 'succeed' }])
    const { pool, started } = countedPool(1)
    await pool.run(request, options())
    await pool.run(request, options())
    expect(started()).toBe(2)
    await pool.close()
  })
})
