// The dashboard and the alert rules, held against Prometheus's grammar, Grafana's types, and what /metrics really tells.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { emit, type JobAttempt } from '../../src/telemetry/events.ts'
import { startMetrics } from '../../src/telemetry/metrics.ts'
import { readCompose } from '../support/compose.ts'
import { CLONE } from '../support/operations.ts'
import { parseMetrics } from '../support/prometheus.ts'
import { readPromql } from '../support/promql.ts'
import { strangersIn } from '../support/round-trip.ts'
import { createWorld } from '../support/world.ts'

type Panel = {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; legendFormat: string }[]
}
type Rule = {
  alert: string
  expr: string
  for: string
  labels: { severity: string }
  annotations: { summary: string; runbook: string }
}

const read = (path: string) => readFileSync(join(CLONE, 'deploy', path), 'utf8')
const dashboard = JSON.parse(read('grafana/dashboard.json')) as { panels: Panel[] }
const { groups } = parse(read('prometheus/alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)

describe('what is asked for', async () => {
  const exposed = await exposedLabels()
  const shown = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`${title}: ${expr}`, expr] as const),
  )
  const alerted = rules.map(({ alert, expr }) => [`${alert}: ${expr}`, expr] as const)

  test.each([...shown, ...alerted])('%s', (_, expr) => {
    const { metrics, groupedBy } = readPromql(expr)
    expect(metrics).not.toEqual([])
    const known = new Set(['le', 'instance'])
    for (const { name, matchers } of metrics) {
      const labels = exposed.get(name)
      if (!labels) throw new Error(`/metrics does not tell ${name}`)
      for (const label of labels.keys()) known.add(label)
      for (const { label, operator, value } of matchers) {
        expect([...labels.keys()], name).toContain(label)
        if (operator === '=' || operator === '=~')
          if (label !== 'job')
            // Prometheus's own label of a target is made by its configuration.
            expect([...(labels.get(label) ?? [])]).toEqual(expect.arrayContaining(value.split('|')))
      }
    }
    expect([...known]).toEqual(expect.arrayContaining(groupedBy))
  })

  test('legends name labels that are there', () => {
    for (const { targets = [] } of dashboard.panels)
      for (const { expr, legendFormat } of targets) {
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
        const { metrics, groupedBy } = readPromql(expr)
        const aggregates = groupedBy.length > 0
        const own = metrics.flatMap(({ name }) => [...(exposed.get(name)?.keys() ?? []), 'instance'])
        expect(aggregates ? groupedBy : own, expr).toEqual(expect.arrayContaining(named))
      }
  })

  test('everything that is measured is shown', () => {
    const asked = new Set(
      shown.flatMap(([, expr]) => readPromql(expr).metrics.map(({ name }) => family(name))),
    )
    const measured = [...exposed.keys()].filter((name) => name.startsWith('sound_forge_')).map(family)
    expect([...asked].sort()).toEqual([...new Set(measured)].sort())
  })
})

describe('the dashboard', () => {
  test("has nothing that Grafana's own types do not know", () => {
    expect(strangersIn([{ type: 'dashboard', document: dashboard }])).toEqual([])
  })

  test('has every panel once, in a place of its own', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const taken = new Set<string>()
    for (const { title, gridPos } of panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x < 24 && !taken.has(`${x} ${y}`), title).toBe(true)
          taken.add(`${x} ${y}`)
        }
  })

  test('is found by the Grafana of compose.yaml, and its data by the Prometheus beside it', () => {
    const { grafana, prometheus, bot, worker } = readCompose().services
    const { providers } = parse(read('grafana/provisioning/dashboards/sound-forge.yaml'))
    const mounted = grafana?.volumes?.find((volume) => volume.startsWith('./deploy/grafana/dashboard.json:'))
    expect(mounted?.split(':')[1]?.startsWith(`${providers[0].options.path}/`)).toBe(true)
    const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yaml'))
    expect(new URL(datasources[0].url).hostname in readCompose().services).toBe(true)
    const config = parse(read('prometheus/prometheus.yml'))
    const [scraped] = config.scrape_configs
    expect(scraped.dns_sd_configs.map(({ port }: { port: number }) => String(port))).toEqual([
      bot?.environment?.['PORT'],
      worker?.environment?.['METRICS_PORT'],
    ])
    for (const { names } of scraped.dns_sd_configs)
      for (const name of names) expect(readCompose().services).toHaveProperty(name)
    expect(prometheus?.secrets).toEqual([scraped.authorization.credentials_file.replace('/run/secrets/', '')])
    expect(config.rule_files).toEqual(['alerts.yaml'])
  })
})

describe('the alert rules', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says how bad it is, what is the matter and what to do',
    (_, rule) => {
      expect(Object.keys(rule).sort()).toEqual(['alert', 'annotations', 'expr', 'for', 'labels'])
      expect(rule.for).toMatch(/^\d+[mh]$/)
      expect(rule.labels.severity).toMatch(/^(info|warning|critical)$/)
      expect(Object.keys(rule.annotations).sort()).toEqual(['runbook', 'summary'])
      // What a summary names is still there after the expression has aggregated.
      const { groupedBy, metrics } = readPromql(rule.expr)
      const aggregates = /^(max|min|sum|histogram_quantile)\b/.test(rule.expr)
      for (const [, label = ''] of JSON.stringify(rule.annotations).matchAll(/\$labels\.(\w+)/g))
        expect(
          aggregates
            ? groupedBy
            : ['instance', ...metrics.flatMap(({ matchers }) => matchers.map((one) => one.label))],
        ).toContain(label)
    },
  )

  test('each has a name of its own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })
})

/** The labels of every series, each with the values that were seen, of a process in which everything has happened once. */
async function exposedLabels(): Promise<Map<string, Map<string, Set<string>>>> {
  const { services, log, folder } = await createWorld()
  const metrics = startMetrics({ db: services.db, log, filesFolder: folder, serviceName: 'test' })
  const job: JobAttempt = {
    queue: 'processing',
    stage: 'processing',
    jobId: '',
    owner: '',
    trackId: '',
    requests: [],
    attempt: 1,
    workerId: '',
    queueMs: 1,
    startedAt: new Date(),
  }
  const ended = { ...job, durationMs: 1, audioSeconds: 1, model: 'starter', device: 'cpu' }
  emit('job:start', job)
  emit('job:stop', { ...ended, result: 'done', errorCode: null })
  emit('job:exception', { ...ended, result: 'discarded', errorCode: 'out_of_memory', errorMessage: '' })
  emit('courier:edit', { platform: 'slack', outcome: 'edited', lagMs: 1 })
  emit('platform:ack', { platform: 'slack', ackMs: 1 })
  emit('database:acquire', { waitedMs: 1 })
  try {
    const found = new Map<string, Map<string, Set<string>>>([['up', new Map([['job', new Set<string>()]])]])
    for (const { samples } of parseMetrics(await metrics.text()).values())
      for (const { name, labels } of samples) {
        const known = found.get(name) ?? new Map<string, Set<string>>()
        for (const [label, value] of Object.entries(labels))
          known.set(label, (known.get(label) ?? new Set()).add(value))
        found.set(name, known)
      }
    return found
  } finally {
    await metrics.stop()
  }
}

const family = (name: string) => name.replace(/_(bucket|sum|count)$/, '')
