// The lines a Python tool writes, as schemas. Version 1; python/stemtools/protocol.py is the other side.
import { z } from 'zod'
import { songSchema } from '../domain/song.ts'

const id = z.string().nullable()

export const lineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), tool: z.string(), protocol: z.literal(1) }),
  z.object({
    type: z.literal('progress'),
    id,
    fraction: z.number().min(0).max(1),
    step: z.string().max(200).optional(),
    /** Of a transfer; `totalBytes` where it is known. */
    bytes: z.number().int().nonnegative().optional(),
    totalBytes: z.number().int().positive().nullish(),
  }),
  /** A step of the work, over: its span. */
  z.object({
    type: z.literal('span'),
    id,
    name: z.string().min(1).max(200),
    /** Seconds since 1970. */
    start: z.number().nonnegative(),
    end: z.number().nonnegative(),
    attributes: z.record(z.string(), z.union([z.string().max(200), z.number(), z.boolean()])).optional(),
    /** The code that it failed by. */
    error: z.string().max(200).optional(),
  }),
  z.looseObject({ type: z.literal('result'), id }),
  z.object({
    type: z.literal('error'),
    id,
    code: z.string().regex(/^[a-z_]+$/),
    retryable: z.boolean(),
    message: z.string().max(2000),
    retryAfterSeconds: z.number().nonnegative().optional(),
    /** Which song it is about, where that is known. */
    song: songSchema.optional(),
  }),
])
export type Line = z.infer<typeof lineSchema>

/** A file name inside the folder the tool was given; nothing else is believed. */
const fileName = z.string().regex(/^[^/\\\0]+$/)

export const downloadResult = z.object({
  file: fileName,
  bytes: z.number().int(),
  sha256: z.string(),
  /** Of the decoded samples, with their rate and channels. */
  audioSha256: z.string(),
  title: z.string().min(1),
  artist: z.string().nullable(),
  album: z.string().nullable(),
  durationSeconds: z.number().positive(),
  cover: fileName.nullable(),
  coverUrl: z.string().max(2048).startsWith('https://').nullable().default(null),
  truncated: z.boolean(),
})
export type DownloadResult = z.infer<typeof downloadResult>

export const analysisResult = z.object({
  durationSeconds: z.number(),
  bpm: z.number().nullable(),
  bpmAlternative: z.number().nullable(),
  bpmConfidence: z.number(),
  steady: z.boolean(),
  key: z.string().nullable(),
  keyConfidence: z.number(),
  keyAlternative: z.string().nullable(),
  camelot: z.string().nullable(),
  tuningCents: z.number().nullable(),
  a4Hz: z.number().nullable(),
  loudnessLufs: z.number().nullable(),
  peakDbfs: z.number().nullable(),
  beats: z.number().int(),
  files: z.array(fileName),
})
export type AnalysisResult = z.infer<typeof analysisResult>

export const separationResult = z.object({
  model: z.string(),
  weights: z.string(),
  device: z.string(),
  stems: z
    .array(z.object({ stem: z.string(), file: fileName, bytes: z.number().int(), peak: z.number() }))
    .min(1),
  gain: z.number().positive(),
  sampleRateHz: z.number().int(),
  samples: z.number().int(),
  seconds: z.number(),
  realTimeFactor: z.number(),
})
export type SeparationResult = z.infer<typeof separationResult>

export const encodeResult = z.object({
  files: z.array(z.object({ stem: z.string(), file: fileName, bytes: z.number().int() })).min(1),
})
