// Whether an operator can look on: the admin page, the metrics, where traces go.
import { connect } from 'node:net'
import type { Settings } from '../config.ts'
import { bad, type Finding, good, note, setting } from '../findings.ts'

const REACH_MS = 3000

export async function checkObserving(settings: Settings): Promise<Finding[]> {
  const { ADMIN_SECRET, METRICS_PORT, HOST, PORT, OTEL_EXPORTER_OTLP_ENDPOINT } = settings
  const isLocal = HOST === '127.0.0.1' || HOST === 'localhost' || HOST === '::1'
  return [
    ADMIN_SECRET
      ? good('/admin and /admin/jobs are open to whoever has ADMIN_SECRET')
      : note(
          `/admin is closed: \`${setting('ADMIN_SECRET', '$(openssl rand -hex 24)').replaceAll("'", '"')}\` opens it`,
        ),
    isLocal || ADMIN_SECRET
      ? good(
          `/metrics: on the bot's port${PORT ? ` ${PORT}` : ''}; of a worker alone ${METRICS_PORT === undefined ? 'where METRICS_PORT is set' : `on port ${METRICS_PORT}`}`,
        )
      : note('/metrics is read from this machine alone, as ADMIN_SECRET is not set'),
    ...(OTEL_EXPORTER_OTLP_ENDPOINT ? [await checkTraces(OTEL_EXPORTER_OTLP_ENDPOINT)] : []),
  ]
}

async function checkTraces(endpoint: string): Promise<Finding> {
  const { hostname, port, protocol, host } = new URL(endpoint)
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      timeout: REACH_MS,
    })
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
  return answers
    ? good(`Traces go to ${host}`)
    : bad(
        `Nothing takes traces at ${host}, which OTEL_EXPORTER_OTLP_ENDPOINT names; start it, or send none`,
        setting('OTEL_EXPORTER_OTLP_ENDPOINT', ''),
      )
}
