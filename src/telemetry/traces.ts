// Sends spans by OTLP over HTTP. Loaded only where OTEL_EXPORTER_OTLP_ENDPOINT says where to; the exporter itself reads that, and what
// else the standard has of OTEL_EXPORTER_OTLP_…. https://opentelemetry.io/docs/specs/otel/protocol/exporter/
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Log } from '../log.ts'
import { sayEndsOnSpans } from './job-span.ts'

const PACKAGE = join(import.meta.dirname, '../../package.json')
/** What is killed loses no more than this. */
const SEND_EVERY_MS = 1000
/** A collector that is away holds up nobody's end for longer; with retries and all. */
const SEND_MAX_MS = 3000
const SAY_AGAIN_MS = 60_000

/**
 * @param role what this process does, such as `worker`
 * @returns sends what there is, within a limit, and ends it
 */
export function startTraces(serviceName: string, role: string, log: Log): () => Promise<void> {
  warnThrough(log)
  const limit = process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] ? {} : { timeoutMillis: SEND_MAX_MS }
  const exporter = new OTLPTraceExporter(limit)
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceOf(serviceName, role)),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY_MS })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  const endSaying = sayEndsOnSpans()
  return async () => {
    endSaying()
    const sent = provider.shutdown().catch((error: unknown) => diag.error(String(error)))
    const left = new AbortController()
    const limited = setTimeout(SEND_MAX_MS, undefined, { signal: left.signal }).catch(() => {})
    await Promise.race([sent, limited])
    left.abort()
  }
}

function resourceOf(serviceName: string, role: string) {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  return resourceFromAttributes({
    'service.name': serviceName,
    'service.version': version,
    'host.name': hostname(),
    'process.pid': process.pid,
    role,
  })
}

/** A collector that is away is told of now and then, not with every batch. */
function warnThrough(log: Log): void {
  let saidAtMs = Number.NEGATIVE_INFINITY
  const warn = (detail: string) => {
    if (performance.now() - saidAtMs < SAY_AGAIN_MS) return
    saidAtMs = performance.now()
    log.warn({ detail }, 'traces could not be sent')
  }
  const nothing = () => {}
  diag.setLogger(
    { error: warn, warn, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
