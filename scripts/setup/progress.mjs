// What the set-up says, on stderr: stdout belongs to the command that follows.

const terminal = process.stderr.isTTY === true
const nameWidth = 24
const barWidth = 24

export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Opens the line of one step: a bar on a terminal, a plain line at its start and end elsewhere. */
export function openStep(name, doing) {
  const startedAt = Date.now()
  const label = name.padEnd(nameWidth)
  const seconds = () => `${Math.max(1, Math.round((Date.now() - startedAt) / 1000))} s`
  if (!terminal) say(`${label}${doing} …`)

  function update(fraction, detail = '') {
    if (!terminal) return
    const full = Math.round(Math.min(Math.max(fraction, 0), 1) * barWidth)
    const bar = '█'.repeat(full) + '░'.repeat(barWidth - full)
    const room = Math.max((process.stderr.columns || 80) - nameWidth - barWidth - 10, 0)
    process.stderr.write(`\r\x1b[2K${label}${bar} ${seconds()} ${detail.slice(0, room)}`)
  }
  update(0)

  return {
    update,
    end(result) {
      say(`${terminal ? '\r\x1b[2K' : ''}${label}${result} (${seconds()})`)
    },
    fail() {
      if (terminal) process.stderr.write('\r\x1b[2K')
    },
  }
}

/** One step that installs something: `work` gets the step, to move its bar. */
export async function installStep(name, doing, work) {
  const step = openStep(name, doing)
  try {
    await work(step)
  } catch (error) {
    step.fail()
    throw error
  }
  step.end('installed')
}
