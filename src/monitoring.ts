// Monitoring, wired: /metrics and /readyz, beside everything else on the bot's web server, and alone on that of a worker without a bot.
import { join } from 'node:path'
import type { Settings } from './config.ts'
import type { Log } from './log.ts'
import type { Services } from './services.ts'
import type { WebApp } from './web/app.ts'
import { metricsApp } from './web/metrics.ts'
import { readinessApp } from './web/readiness.ts'
import { startWebServer } from './web/server.ts'

export async function openMonitoring(
  settings: Settings,
  { db }: Services,
  log: Log,
): Promise<{ apps: WebApp[]; text: () => Promise<string>; stop(): Promise<void> }> {
  // Loaded here alone, as a terminal has no use for it.
  const { startMetrics } = await import('./telemetry/metrics.ts')
  const metrics = startMetrics({
    db,
    log,
    serviceName: settings.OTEL_SERVICE_NAME,
    filesFolder: settings.FILES === 'disk' ? join(settings.DATA_DIR, 'files') : undefined,
  })
  const apps = [readinessApp(db), metricsApp(metrics, { adminSecret: settings.ADMIN_SECRET })]
  return { apps, text: metrics.text, stop: metrics.stop }
}

/** For a worker without a bot. @returns undefined where METRICS_PORT is not set */
export async function serveMonitoring(
  settings: Settings,
  services: Services,
  log: Log,
): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const { HOST: host, METRICS_PORT: port } = settings
  if (port === undefined) return undefined
  const { apps, stop } = await openMonitoring(settings, services, log)
  const web = await startWebServer({ host, port, portSetting: 'METRICS_PORT' }, apps, log)
  return {
    url: web.url,
    async stop() {
      await web.stop()
      await stop()
    },
  }
}
