// A collector of traces on this machine, and a reader of what it is sent: OTLP as protobuf, as far as the tests look.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

type Value = string | number | boolean | Value[] | null
export type ReceivedSpan = {
  traceId: string
  spanId: string
  /** '' at the root of a trace. */
  parentId: string
  name: string
  kind: (typeof KINDS)[number]
  startMs: number
  endMs: number
  attributes: Record<string, Value>
  links: { traceId: string; spanId: string }[]
  /** The code that it failed by; undefined where it did not. */
  failed: string | undefined
  resource: Record<string, Value>
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const ERROR = 2

export type Collector = Awaited<ReturnType<typeof startCollector>>

/** @param answer its HTTP status; `silent`: none, as one that hangs */
export async function startCollector({
  answer = 200,
  port = 0,
}: {
  answer?: number | 'silent'
  port?: number
} = {}) {
  const spans: ReceivedSpan[] = []
  const requests: IncomingMessage['headers'][] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push(request.headers)
    if (answer === 'silent') return
    if (answer === 200 && request.url === '/v1/traces') spans.push(...readSpans(Buffer.concat(chunks)))
    response.writeHead(answer).end()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** The headers of each request. */
    requests,
    traces: () => Map.groupBy(spans, ({ traceId }) => traceId),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The spans of a trace as people read them: each under its parent, with its time; of those that run side by side the earlier first. */
export function treeOf(spans: ReceivedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const first = Math.min(...spans.map(({ startMs }) => startMs))
  const seconds = (ms: number) => (ms / 1000).toFixed(3).padStart(8)
  const below = (parents: ReceivedSpan[], depth: number): string[] =>
    parents
      .toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)
      .flatMap((span) => [
        `${seconds(span.startMs - first)} ${seconds(span.endMs - span.startMs)}  ${'  '.repeat(depth)}${span.name}${span.failed ? ` (${span.failed})` : ''}`,
        ...below(
          spans.filter(({ parentId }) => parentId === span.spanId),
          depth + 1,
        ),
      ])
  const roots = spans.filter(({ parentId }) => !ids.has(parentId))
  return ['   start  seconds  span', ...below(roots, 0)].join('\n')
}

type Fields = Map<number, (Buffer | bigint)[]>

function readSpans(request: Buffer): ReceivedSpan[] {
  return messages(fields(request), 1).flatMap((ofResource) => {
    const [about] = messages(ofResource, 1)
    const resource = attributes(about ? messages(about, 1) : [])
    return messages(ofResource, 2).flatMap((ofScope) =>
      messages(ofScope, 2).map((span) => read(span, resource)),
    )
  })
}

function read(span: Fields, resource: ReceivedSpan['resource']): ReceivedSpan {
  const [status] = messages(span, 15)
  return {
    traceId: bytes(span, 1).toString('hex'),
    spanId: bytes(span, 2).toString('hex'),
    parentId: bytes(span, 4).toString('hex'),
    name: bytes(span, 5).toString(),
    kind: KINDS[integer(span, 6)] ?? 'unspecified',
    startMs: Number(number(span, 7)) / 1e6,
    endMs: Number(number(span, 8)) / 1e6,
    attributes: attributes(messages(span, 9)),
    links: messages(span, 13).map((link) => ({
      traceId: bytes(link, 1).toString('hex'),
      spanId: bytes(link, 2).toString('hex'),
    })),
    failed: status && integer(status, 3) === ERROR ? bytes(status, 2).toString() : undefined,
    resource,
  }
}

function attributes(pairs: Fields[]): Record<string, Value> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value] = messages(pair, 2)
      return [bytes(pair, 1).toString(), value ? anyValue(value) : null]
    }),
  )
}

function anyValue(value: Fields): Value {
  if (value.has(1)) return bytes(value, 1).toString()
  if (value.has(2)) return number(value, 2) === 1n
  if (value.has(3)) return Number(BigInt.asIntN(64, number(value, 3)))
  if (value.has(4)) return bytes(value, 4).readDoubleLE()
  const [list] = messages(value, 5)
  return list ? messages(list, 1).map(anyValue) : null
}

/** https://protobuf.dev/programming-guides/encoding/ */
function fields(message: Buffer): Fields {
  const found: Fields = new Map()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number) => {
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = Number(varint())
    const wire = tag & 7
    const content = wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()))
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), content])
  }
  return found
}

function messages(of: Fields, field: number): Fields[] {
  return (of.get(field) ?? []).map((content) => fields(content as Buffer))
}

function bytes(of: Fields, field: number): Buffer {
  return (of.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)
}

function number(of: Fields, field: number): bigint {
  const [content = 0n] = of.get(field) ?? []
  return typeof content === 'bigint' ? content : content.readBigUInt64LE()
}

function integer(of: Fields, field: number): number {
  return Number(number(of, field))
}
