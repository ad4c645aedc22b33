// The mix of this song, kept over a reload.
import { type Mix, wholeMix } from './mixer.ts'

const KEY = `mix of ${location.pathname}`

export function keepMix(mix: Mix): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(mix))
  } catch {
    // A browser that keeps nothing.
  }
}

export function keptMix(stems: number): Mix {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
    if (isMix(kept) && kept.stems.length === stems) return kept
  } catch {
    // The same.
  }
  return wholeMix(stems)
}

function isMix(value: unknown): value is Mix {
  const mix = value as Mix | null
  return (
    isFraction(mix?.master) &&
    Array.isArray(mix?.stems) &&
    mix.stems.every((stem) => isFraction(stem?.volume))
  )
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1
}
