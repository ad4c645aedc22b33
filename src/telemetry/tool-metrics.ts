// The Python tools of this process as metrics: how many run, what memory they hold, why they ended.
import type { Meter } from '@opentelemetry/api'
import { residentBytes } from '../tools/resident-bytes.ts'
import { subscribe, type ToolExit } from './events.ts'
import type { Observer } from './observer.ts'

const TOOLS = ['resolve', 'download', 'analyze', 'separate', 'encode']
const REASONS: readonly ToolExit[] = ['idle', 'memory', 'stalled', 'crashed', 'cancelled', 'stopped', 'done']

export function observeTools(meter: Meter): Observer & { stop(): void } {
  const starts = meter.createCounter('sound_forge_tool_starts_total', {
    description: 'Processes of tools that were started.',
  })
  const exits = meter.createCounter('sound_forge_tool_exits_total', {
    description: 'Processes of tools that ended, by why.',
  })
  const processes = meter.createObservableGauge('sound_forge_tool_processes', {
    description: 'Processes of tools: busy with a job, or kept idle for the next.',
  })
  const memory = meter.createObservableGauge('sound_forge_tool_memory_bytes', {
    description: "Memory that a tool's processes hold together (Linux; 0 elsewhere).",
  })
  // So that the first of a kind is seen as an increase.
  for (const tool of TOOLS) {
    starts.add(0, { tool })
    for (const reason of REASONS) exits.add(0, { tool, reason })
  }

  const running = new Map<number | undefined, { tool: string; state: 'busy' | 'idle' }>()
  const ends = [
    subscribe('tool:start', ({ tool, pid }) => {
      starts.add(1, { tool })
      running.set(pid, { tool, state: 'busy' })
    }),
    subscribe('tool:idle', ({ tool, pid }) => running.set(pid, { tool, state: 'idle' })),
    subscribe('tool:busy', ({ tool, pid }) => running.set(pid, { tool, state: 'busy' })),
    subscribe('tool:exit', ({ tool, pid, reason }) => {
      exits.add(1, { tool, reason })
      running.delete(pid)
    }),
  ]
  return {
    gauges: [processes, memory],
    observe(result) {
      for (const tool of TOOLS) {
        const own = [...running].filter(([, one]) => one.tool === tool)
        for (const state of ['busy', 'idle'])
          result.observe(processes, own.filter(([, one]) => one.state === state).length, { tool, state })
        const bytes = own.reduce((sum, [pid]) => sum + residentBytes(pid), 0)
        result.observe(memory, bytes, { tool })
      }
    },
    stop() {
      for (const end of ends) end()
    },
  }
}
