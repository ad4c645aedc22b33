// Prometheus's text format, read as strictly as Prometheus does. https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

export type Sample = { name: string; labels: Record<string, string>; value: number }
export type Family = { name: string; type: string; help: string; samples: Sample[] }

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"`
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL})(?:,${LABEL})*)?\\})? ([+-]?(?:[0-9.e+-]+|Inf)|NaN)$`)
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`)

/** @throws for what Prometheus would not read */
export function parseMetrics(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  for (const line of text.split('\n').filter(Boolean)) {
    const [, keyword, named, rest] = COMMENT.exec(line) ?? []
    if (keyword && named && rest) {
      const family = families.get(named) ?? { name: named, type: '', help: '', samples: [] }
      if (family.samples.length > 0) throw new Error(`${keyword} of ${named} comes after its samples`)
      if (keyword === 'TYPE') family.type = rest
      else family.help = rest
      families.set(named, family)
      continue
    }
    const [, name = '', labelText = '', ...more] = SAMPLE.exec(line) ?? []
    const value = more.at(-1)
    if (value === undefined) throw new Error(`not a line of metrics: ${line}`)
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
    if (!family) throw new Error(`${name} has no TYPE`)
    const series = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(series)) throw new Error(`twice: ${series}`)
    seen.add(series)
    const labels = Object.fromEntries(
      [...labelText.matchAll(new RegExp(LABEL, 'g'))].map(([, label = '', text = '']) => [label, text]),
    )
    family.samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) })
  }
  return families
}

/** The value of the one series of that name with these labels, among others; undefined where there is none. */
export function metricOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter(
      (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
    )
  if (found.length > 1) throw new Error(`${found.length} series of ${name}: ${JSON.stringify(found)}`)
  return found[0]?.value
}

/** The metrics behind an address. */
export async function readMetrics(url: string, init: RequestInit = {}): Promise<Map<string, Family>> {
  const answer = await fetch(`${url}/metrics`, init)
  if (answer.status !== 200) throw new Error(`/metrics was answered with ${answer.status}`)
  return parseMetrics(await answer.text())
}
