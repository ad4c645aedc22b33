// How long a request will take, from what was measured. Pure.
import type { StageName } from '../queue/queues.ts'

export type CardStage = {
  stage: StageName
  state: 'ahead' | 'waiting' | 'running' | 'retrying' | 'done' | 'discarded'
  fraction: number
  step: string | null
  attempt: number
  startedAt: Date | null
  error: string | null
  /** Jobs before this one in its queue; 0 when it is next or running. */
  place: number
  /** Whether a worker is there for its queue, on whichever machine. */
  isWorked: boolean
  /** Whether its queue is paused or drained. */
  isHeld: boolean
  /** Measured seconds of work per second of audio; undefined before the first run. */
  rate: number | undefined
}

/** Seconds of work per second of audio, until a first run has been measured (two CPU cores, htdemucs). */
const ASSUMED_RATE: Record<StageName, number> = {
  resolve: 0,
  download: 0,
  analysis: 0.1,
  processing: 1,
  delivery: 0.05,
}
/** Below this the elapsed time says too little. */
const TELLING_FRACTION = 0.05

/** Seconds until delivery; null while the song's length is unknown. Analysis and separation run side by side. */
export function secondsLeft(stages: CardStage[], durationSeconds: number | null, now: Date): number | null {
  if (durationSeconds === null) return null
  const left = (name: StageName) => {
    const stage = stages.find((one) => one.stage === name)
    return stage ? stageSecondsLeft(stage, durationSeconds, now) : 0
  }
  return Math.round(Math.max(left('analysis'), left('processing')) + left('delivery'))
}

function stageSecondsLeft(stage: CardStage, durationSeconds: number, now: Date): number {
  if (stage.state === 'done' || stage.state === 'discarded') return 0
  const whole = (stage.rate ?? ASSUMED_RATE[stage.stage]) * durationSeconds
  // One more run of each job before it, as if they were as long as this.
  if (stage.state !== 'running' || !stage.startedAt) return whole * (1 + stage.place)
  const elapsed = Math.max(0, (now.getTime() - stage.startedAt.getTime()) / 1000)
  if (stage.fraction < TELLING_FRACTION) return Math.max(1, whole - elapsed)
  return (elapsed * (1 - stage.fraction)) / stage.fraction
}
