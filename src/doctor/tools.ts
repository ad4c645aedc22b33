// Whether the Python tools, the downloader and the models are here and fit for use.
import { z } from 'zod'
import type { Settings } from '../config.ts'
import type { Door } from '../domain/doors.ts'
import { bad, type Finding, good, note } from '../findings.ts'
import { askPython } from '../tools/ask.ts'
import { readDownloader } from '../tools/downloader.ts'
import { listModels } from '../tools/models.ts'

const TOOL_SECONDS = 60
/** Sites change so often that an older yt-dlp cannot be relied upon. */
const OLD_DAYS = 60
/** Doors whose recordings come from YouTube. */
const FROM_YOUTUBE: readonly Door[] = ['spotify', 'apple', 'deezer', 'tidal', 'search', 'youtube']
const SET_UP = 'npm run setup'

const toolReport = z.looseObject({
  python: z.string(),
  tools: z.record(z.string(), z.string().nullable()),
  device: z
    .looseObject({ auto: z.string(), cuda: z.boolean(), mps: z.boolean(), name: z.string().nullish() })
    .nullish(),
  good: z.array(z.string()).default([]),
  notes: z.array(z.string()).default([]),
  problems: z.array(z.object({ code: z.string(), message: z.string(), mend: z.string() })),
})

export async function checkEnvironment(
  settings: Settings,
  environment: 'separate' | 'download',
): Promise<Finding[]> {
  const doors =
    environment === 'download' ? FROM_YOUTUBE.filter((door) => settings.SOURCES.includes(door)) : []
  let report: z.infer<typeof toolReport>
  try {
    report = toolReport.parse(await askPython(settings, environment, 'stemtools.doctor', doors, TOOL_SECONDS))
  } catch {
    return [bad(`The Python tools of the ${environment} environment do not start`, SET_UP)]
  }
  const versions = Object.entries(report.tools).map(([tool, version]) => `${tool} ${version ?? 'missing'}`)
  return [
    good(`Python ${report.python} (${environment}): ${versions.join(', ')}`),
    ...(report.device ? [checkDevice(settings, report.device)] : []),
    ...report.good.map(good),
    ...report.notes.map(note),
    ...report.problems.map(({ message, mend }) => bad(message, mend)),
  ]
}

function checkDevice(
  { DEVICE }: Settings,
  device: NonNullable<z.infer<typeof toolReport>['device']>,
): Finding {
  const { auto, cuda, mps, name } = device
  const isMissing = (DEVICE === 'cuda' && !cuda) || (DEVICE === 'mps' && !mps)
  if (isMissing) return bad(`DEVICE is ${DEVICE}, and torch finds none here`, "echo 'DEVICE=auto' >> .env")
  return good(`Device: ${DEVICE === 'auto' ? auto : DEVICE}${name ? ` (${name})` : ''}`)
}

export async function checkDownloader(): Promise<Finding[]> {
  const downloader = await readDownloader()
  if (!downloader) return [bad('yt-dlp is not installed', SET_UP)]
  const text = `yt-dlp ${downloader.version} is ${downloader.ageDays} days old`
  return [
    downloader.ageDays > OLD_DAYS
      ? note(`${text}, and sites change: run \`npm run update-downloader\``)
      : good(text),
  ]
}

export async function checkModels(settings: Settings): Promise<Finding[]> {
  const models = await listModels(settings).catch(() => undefined)
  if (!models) return [bad('The models cannot be listed', SET_UP)]
  const here = models.filter((model) => model.available).map((model) => model.name)
  const fetch = (name: string) => `npm run models -- fetch ${name}`
  if (here.length === 0) return [bad('No model is here', fetch('htdemucs'))]
  const findings = [good(`Models here: ${here.join(', ')}`)]
  if (settings.MODEL !== 'auto' && !here.includes(settings.MODEL))
    findings.push(bad(`MODEL is ${settings.MODEL}, which is not here`, fetch(settings.MODEL)))
  if (!here.includes('htdemucs'))
    findings.push(
      note(`htdemucs is not here yet: \`${fetch('htdemucs')}\` (84 MB), or it is fetched on first use`),
    )
  return findings
}
