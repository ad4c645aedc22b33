// The environment, read once at the entry and turned into typed settings. All problems are reported at once.
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { DOORS, type Door, USUAL_DOORS } from './domain/doors.ts'
import { UserError } from './errors.ts'
import { QUEUES, STAGES } from './queue/queues.ts'

const text = z.string().trim().min(1)
const count = z.coerce.number().int().min(1).max(64)
const positive = z.coerce.number().int().min(1)
const door = z.enum(Object.keys(DOORS) as [Door, ...Door[]])

export const DISCORD_API_URL = 'https://discord.com/api'
export const SLACK_API_URL = 'https://slack.com/api/'

/** One entry a setting; an empty value counts as unset. `.env.example` is held to this list by a test. */
export const settingsSchema = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  DATA_DIR: text.default('.data'),
  MODEL: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be a model's name, or auto")
    .default('auto'),
  MODEL_REPO: text.optional(),
  DEVICE: z.enum(['auto', 'cuda', 'mps', 'cpu']).default('auto'),
  /** Where songs and stems lie: this machine's disk, or a bucket, `s3://bucket/prefix`. */
  FILES: z
    .string()
    .regex(
      /^(disk|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()-]+)*\/?)$/,
      'must be disk, or s3://bucket/prefix',
    )
    .default('disk'),
  AWS_ENDPOINT_URL: z.url({ protocol: /^https?$/ }).optional(),
  AWS_REGION: text.optional(),
  AWS_ACCESS_KEY_ID: text.optional(),
  AWS_SECRET_ACCESS_KEY: text.optional(),
  AWS_SESSION_TOKEN: text.optional(),
  /** Queues that this machine's worker works, separated by commas. */
  WORKER_QUEUES: z
    .string()
    .default(STAGES.join(','))
    .transform((list) => [...new Set(list.split(',').map((name) => name.trim().toLowerCase()))])
    .pipe(z.array(z.enum(STAGES)).min(1)),
  RESOLVE_CONCURRENCY: count.default(QUEUES.resolve.concurrency),
  DOWNLOAD_CONCURRENCY: count.default(QUEUES.download.concurrency),
  PROCESSING_CONCURRENCY: count.default(QUEUES.processing.concurrency),
  ANALYSIS_CONCURRENCY: count.default(QUEUES.analysis.concurrency),
  /** Of each platform's own. */
  DELIVERY_CONCURRENCY: count.default(QUEUES['delivery-terminal'].concurrency),
  /** What running jobs get to finish in, from the signal to stop on. What runs processes often gives them 30 s in all. */
  GRACE_SECONDS: z.coerce.number().int().min(0).max(86_400).default(18),
  MAX_SONG_SECONDS: positive.default(900),
  MAX_UPLOAD_BYTES: positive.default(1024 ** 3),
  MAX_OPEN_REQUESTS: positive.default(40),
  MAX_LIST_SONGS: positive.max(200).default(50),
  /** Ways in which songs are taken, separated by commas. */
  SOURCES: z
    .string()
    .default(USUAL_DOORS.join(','))
    .transform((list) => [...new Set(list.split(',').map((name) => name.trim().toLowerCase()))])
    .pipe(z.array(door).min(1)),
  /** Songs and stems nobody has asked for since are removed. */
  KEEP_DAYS: positive.default(7),
  /** What was asked for, done and said is forgotten then. Addresses of results are good for a week. */
  HISTORY_DAYS: positive.min(8).default(90),
  STALL_SECONDS: positive.default(600),
  TOOL_IDLE_SECONDS: positive.default(300),
  SPOTIFY_CLIENT_ID: text.optional(),
  SPOTIFY_CLIENT_SECRET: text.optional(),
  YTDLP_COOKIES: text.optional(),
  YTDLP_POT_PROVIDER: z.url({ protocol: /^https?$/ }).optional(),
  YTDLP_ARGS: text.optional(),
  DOWNLOAD_PROXY: z.url({ protocol: /^https?$/ }).optional(),
  DISCORD_TOKEN: text.optional(),
  DISCORD_APPLICATION_ID: z
    .string()
    .regex(/^\d{15,20}$/, 'must be the number of your application')
    .optional(),
  /** How many shards the gateway has in all, over every process; auto asks Discord. */
  DISCORD_SHARDS: z
    .union(
      [z.literal('auto'), z.coerce.number().int().min(1).max(1024)],
      'must be auto, or a number from 1 to 1024',
    )
    .default('auto'),
  /** Those of this process, from 0 on, separated by commas; all where none are named. */
  DISCORD_SHARD_IDS: z
    .string()
    .transform((list) => list.split(',').map((id) => Number(id.trim())))
    .pipe(z.array(z.number().int().min(0).max(1023)).min(1))
    .optional(),
  DISCORD_API_URL: z.url().default(DISCORD_API_URL),
  SLACK_BOT_TOKEN: text.optional(),
  SLACK_SIGNING_SECRET: text.optional(),
  SLACK_APP_TOKEN: z.string().startsWith('xapp-', 'must begin with xapp-').optional(),
  SLACK_CLIENT_ID: text.optional(),
  SLACK_CLIENT_SECRET: text.optional(),
  SLACK_API_URL: z.url().default(SLACK_API_URL),
  HOST: text.default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).optional(),
  PUBLIC_URL: z.url().optional(),
  ACCESS_SECRET: z.string().min(16, 'must have 16 characters or more').optional(),
  ADMIN_SECRET: z.string().min(16, 'must have 16 characters or more').optional(),
  /** Where a worker without a bot serves /metrics and /healthz; the bot's web server always does. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: text.default('sound-forge-alchemy'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

/** Of each pair both are needed, or neither. */
const PAIRS = [
  ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'],
  ['DISCORD_TOKEN', 'DISCORD_APPLICATION_ID'],
  ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
] as const

/** Where Slack's commands come in; of no use without a token to answer with. */
const SLACK_EARS = ['SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'] as const

/** Addresses that only this machine reaches. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

export type Settings = z.infer<typeof settingsSchema> & {
  /** CPU threads one tool may use, so that all processing slots together fill the machine. */
  threadsPerTool: number
}

/**
 * Reads the settings.
 * @throws UserError `bad_settings`, naming every wrong setting but never its value
 */
export function readSettings(env: NodeJS.ProcessEnv, cloneDir: string): Settings {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settingsSchema.safeParse(given)
  const problems = (parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${sayIssue(issue)}`)
  for (const pair of PAIRS) {
    const [missing, ...alsoMissing] = pair.filter((name) => !given[name]?.trim())
    if (missing && alsoMissing.length === 0)
      problems.push(`${missing}: must be set too, as ${pair.find((name) => name !== missing)} is`)
  }
  const { DISCORD_SHARDS: shards, DISCORD_SHARD_IDS: ids = [] } = parsed.data ?? {}
  if (shards === 'auto' && ids.length > 0)
    problems.push('DISCORD_SHARDS: must be a number, the same for every process, as DISCORD_SHARD_IDS is set')
  if (ids.some((id) => id >= Number(shards)))
    problems.push(`DISCORD_SHARD_IDS: must be below DISCORD_SHARDS, which is ${shards}`)
  const isHeard = SLACK_EARS.find((name) => given[name]?.trim())
  if (isHeard && !given['SLACK_BOT_TOKEN']?.trim() && !given['SLACK_CLIENT_ID']?.trim())
    problems.push(`SLACK_BOT_TOKEN: must be set too, as ${isHeard} is`)
  if (given['HOST'] && !LOOPBACK.test(given['HOST'].trim()) && !given['ACCESS_SECRET']?.trim())
    problems.push('ACCESS_SECRET: must be set too, as HOST lets other machines in')
  if (!parsed.success || problems.length > 0) {
    throw new UserError(
      'bad_settings',
      `Correct these settings in the environment or in .env: ${problems.join('; ')}.`,
    )
  }
  const settings = parsed.data
  return {
    ...settings,
    DATA_DIR: resolve(cloneDir, settings.DATA_DIR),
    ...(settings.YTDLP_COOKIES ? { YTDLP_COOKIES: resolve(cloneDir, settings.YTDLP_COOKIES) } : {}),
    ...(settings.MODEL_REPO ? { MODEL_REPO: resolve(cloneDir, settings.MODEL_REPO) } : {}),
    threadsPerTool: Math.max(1, Math.floor(availableParallelism() / settings.PROCESSING_CONCURRENCY)),
  }
}

function sayIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_type') return `must be a ${issue.expected}`
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}
