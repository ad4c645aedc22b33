// This machine and what is installed on it, as metrics.
import type { Meter } from '@opentelemetry/api'
import type { Observer } from './observer.ts'

export function observeMachine(meter: Meter, { version }: { version: string }): Observer {
  const build = meter.createObservableGauge('sound_forge_build_info', {
    description: 'Always 1; its label has the version.',
  })
  const free = meter.createObservableGauge('sound_forge_files_free_bytes', {
    description: 'Bytes that are free where songs and stems lie on this disk.',
  })
  const downloader = meter.createObservableGauge('sound_forge_downloader_age_days', {
    description: 'Days since the release of yt-dlp as it is installed.',
  })
  return {
    gauges: [build, free, downloader],
    observe(result, { freeBytes, downloaderAgeDays }) {
      result.observe(build, 1, { version })
      if (freeBytes !== undefined) result.observe(free, freeBytes)
      if (downloaderAgeDays !== undefined) result.observe(downloader, downloaderAgeDays)
    },
  }
}
