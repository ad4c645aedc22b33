// Processes as a test sees them: alive or not, and a whole tree to be killed.
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'

/** A killed process that nobody has reaped yet is not alive. */
export function isAlive(pid: number): boolean {
  return processes().some((one) => one.pid === pid)
}

/** kill -9 of a process and everything below it. */
export function killTree(root: number): void {
  // kill(0) and kill(-1) would take the test and everything else with them.
  if (!(root > 1)) throw new Error(`not a process: ${root}`)
  const all = processes()
  const tree = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const { pid, ppid } of all) {
      if (!tree.has(ppid) || tree.has(pid)) continue
      tree.add(pid)
      grown = true
    }
  }
  kill([...tree])
}

/** kill -9 of every process whose command line names `text`, such as a folder of the test's own. */
export function killNaming(text: string): void {
  kill(
    processes()
      .filter(({ command }) => command.includes(text))
      .map(({ pid }) => pid),
  )
}

/** kill -9, and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function kill(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone already
    }
  }
}

/** Command lines that name `text`, as proof that nothing is left running. */
export function commandsWith(text: string): string[] {
  return processes()
    .map(({ command }) => command)
    .filter((command) => command.includes(text))
}

function processes(): { pid: number; ppid: number; command: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
    .trim()
    .split('\n')
  return lines.flatMap((line) => {
    const [, pid, ppid, stat, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return stat?.startsWith('Z') || !pid ? [] : [{ pid: Number(pid), ppid: Number(ppid), command }]
  })
}
