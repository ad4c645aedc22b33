// PromQL, read by the grammar of Prometheus's own editor: which metrics an expression asks for, and by which labels.
import { parser } from '@prometheus-io/lezer-promql'

export type Matcher = { label: string; operator: string; value: string }
export type Asked = { metrics: { name: string; matchers: Matcher[] }[]; groupedBy: string[] }

/** @throws where it is no expression */
export function readPromql(expression: string): Asked {
  // What Grafana puts in its place.
  const filled = expression.replaceAll('$__rate_interval', '5m')
  const asked: Asked = { metrics: [], groupedBy: [] }
  parser.parse(filled).iterate({
    enter({ name, type, from, to, node }) {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${filled}`)
      const text = filled.slice(from, to)
      const parent = node.parent?.name
      if (name === 'VectorSelector') asked.metrics.push({ name: '', matchers: [] })
      const metric = asked.metrics.at(-1)
      if (name === 'Identifier' && parent === 'VectorSelector' && metric) metric.name = text
      if (name === 'LabelName' && parent === 'GroupingLabels') asked.groupedBy.push(text)
      if (name === 'UnquotedLabelMatcher') {
        const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(text) ?? []
        metric?.matchers.push({ label, operator, value })
      }
    },
  })
  return asked
}
