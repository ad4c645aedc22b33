// Spans of a trace: docs/tracing.md. Nobody outside of src/telemetry/ knows of OpenTelemetry. Until traces.ts is started, which sends
// them, all of this does nothing.
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { describeError, UserError } from '../errors.ts'

/** What is null or undefined is left out. */
export type Attributes = Record<string, string | number | boolean | number[] | null | undefined>

type SpanOptions = {
  /** `server`: somebody asked for it here. `consumer`: a job off a queue. `client`: another service is asked. Else it is work of this process. */
  kind?: 'server' | 'consumer' | 'client'
  attributes?: Attributes
  /** The traceparent that it hangs on; null begins a trace. Else it hangs on the span that it is made in. */
  parent?: string | null
  /** Traceparents of others that it is for, too. */
  links?: (string | null)[]
  /** Where that was before now. */
  startedAt?: Date
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT }

/** Which spans a span is linked to. */
const linked = new WeakMap<Span, Set<string>>()

const tracer = trace.getTracer('sound-forge-alchemy')

/** Does the work in a span, which ends with it, and says by which code it failed. */
export function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { kind, attributes, parent, links = [], startedAt } = options
  const settings = {
    kind: kind ? KINDS[kind] : SpanKind.INTERNAL,
    attributes: given(attributes),
    links: links.flatMap(linkOf),
    ...(startedAt ? { startTime: startedAt } : {}),
  }
  return tracer.startActiveSpan(name, settings, contextOf(parent), async (span) => {
    try {
      return await work()
    } catch (error) {
      endsBadly(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** A span over what is past already. @param errorCode what it failed by */
export function recordSpan(
  name: string,
  { startMs, endMs }: { startMs: number; endMs: number },
  options: Pick<SpanOptions, 'attributes' | 'parent'> & { errorCode?: string | undefined } = {},
): void {
  const attributes = given({ ...options.attributes, errorCode: options.errorCode })
  const span = tracer.startSpan(name, { attributes, startTime: startMs }, contextOf(options.parent))
  if (options.errorCode) fail(span, options.errorCode)
  span.end(endMs)
}

/** Adds to the span that this is called in. */
export function addAttributes(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(given(attributes))
}

/** The span that this is called in has failed, though nothing is thrown. */
export function failSpan(errorCode: string): void {
  const span = trace.getActiveSpan()
  if (span) fail(span, errorCode)
}

/** The span that this is called in has to do with another trace; said once, as of a whole list that has one. */
export function linkTo(traceparent: string | null): void {
  const span = trace.getActiveSpan()
  const [link] = linkOf(traceparent)
  if (!span || !link) return
  const known = linked.get(span) ?? new Set()
  if (!known.has(link.context.spanId)) span.addLink(link)
  linked.set(span, known.add(link.context.spanId))
}

/** The span that this is called in, as W3C Trace Context spells it; null where there is none. */
export function traceparentNow(): string | null {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent ?? null
}

/** Whose trace this belongs to. */
export function traceIdNow(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId
}

/** For what is called later from elsewhere, as by a stream that has been open for longer: it belongs to the span that this is called in. */
export function inThisSpan<Args extends unknown[]>(call: (...args: Args) => void): (...args: Args) => void {
  return context.bind(context.active(), call)
}

function contextOf(parent: string | null | undefined): Context {
  if (parent === undefined) return context.active()
  return parent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent })
}

function linkOf(traceparent: string | null): Link[] {
  const other = trace.getSpanContext(contextOf(traceparent))
  return other ? [{ context: other }] : []
}

function given(attributes: Attributes = {}) {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value != null)) as Record<
    string,
    string | number | boolean | number[]
  >
}

function endsBadly(span: Span, error: unknown): void {
  const errorCode =
    error instanceof Error && error.name === 'AbortError' ? 'cancelled' : describeError(error).code
  span.setAttribute('errorCode', errorCode)
  // What a person is told they may correct, and what somebody wanted to end, is no failure.
  if (!(error instanceof UserError) && errorCode !== 'cancelled') fail(span, errorCode)
}

/** By its code alone: sentences may name the song. */
function fail(span: Span, errorCode: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode })
}
