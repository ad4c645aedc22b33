// Which pieces of a song sound when: whole samples, back to back, and late for all stems or for none.
import { describe, expect, test } from 'vitest'
import {
  type Anchor,
  anchorFor,
  clockFrameOf,
  frameWithin,
  isOutOfReach,
  PIECES_AHEAD,
  pieceAt,
  pieceCount,
  songFrameAt,
} from '../../src/pages/results/schedule.ts'

const RATE_HZ = 44_100
const song = { samples: 10 * 5 * RATE_HZ + 77, pieceSamples: 5 * RATE_HZ }

describe('pieces', () => {
  test('the last one is what is left', () => {
    expect(pieceCount(song)).toBe(11)
    expect(pieceCount({ ...song, samples: 10 * song.pieceSamples })).toBe(10)
    expect(pieceCount({ ...song, samples: 0 })).toBe(0)
  })

  test('a sample at a seam is of the piece that begins there', () => {
    expect(pieceAt(song, song.pieceSamples - 1)).toBe(0)
    expect(pieceAt(song, song.pieceSamples)).toBe(1)
  })

  test('a place in the song is a whole sample within it', () => {
    expect(frameWithin(song, -3)).toBe(0)
    expect(frameWithin(song, 100.6)).toBe(101)
    expect(frameWithin(song, song.samples + 1)).toBe(song.samples)
  })
})

describe('the clock', () => {
  /** Every piece of the song from `start` on, each ready when the clock stands at `readyAt` of it; where each then begins. */
  function play(
    start: number,
    readyAt: (piece: number) => number,
  ): { piece: number; clock: number; song: number }[] {
    let anchor: Anchor | undefined
    const begun = []
    for (let piece = pieceAt(song, start); piece < pieceCount(song); piece++) {
      const from = Math.max(start, piece * song.pieceSamples)
      anchor = anchorFor(anchor, from, readyAt(piece))
      begun.push({ piece, clock: clockFrameOf(anchor, from), song: from })
    }
    return begun
  }

  test('pieces follow one another without a gap', () => {
    const begun = play(1234, () => 9876)
    for (const [index, { clock, song: frame }] of begun.entries()) {
      expect(clock - frame).toBe(9876 - 1234)
      if (index > 0) expect(frame % song.pieceSamples).toBe(0)
    }
  })

  test('what comes late begins when it is there, at the sample it would have begun with, and the rest behind it', () => {
    const lateBy = 3333
    const due = 9876 + 2 * song.pieceSamples
    const begun = play(0, (piece) => (piece === 2 ? due + lateBy : 9876))
    expect(begun[1]).toEqual({ piece: 1, clock: 9876 + song.pieceSamples, song: song.pieceSamples })
    expect(begun[2]).toEqual({ piece: 2, clock: due + lateBy, song: 2 * song.pieceSamples })
    expect(begun[3]).toEqual({
      piece: 3,
      clock: due + lateBy + song.pieceSamples,
      song: 3 * song.pieceSamples,
    })
  })

  test('divided by the rate and taken times it, a sample is the same one, for a day', () => {
    for (const rate of [8000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000])
      for (let frame = 1; frame < 86_400 * rate; frame = frame * 3 + 7)
        expect(Math.round((frame / rate) * rate)).toBe(frame)
  })

  test('the song stands before its first sample and where nothing is ready', () => {
    const anchor = { clockFrame: 1000, songFrame: 500 }
    expect(songFrameAt(anchor, 800, 900)).toBe(500)
    expect(songFrameAt(anchor, 800, 1100)).toBe(600)
    expect(songFrameAt(anchor, 800, 5000)).toBe(800)
  })
})

test('kept are the pieces made ready ahead, the one that sounds and one behind it', () => {
  const newest = 20
  const kept = Array.from({ length: 40 }, (_, piece) => piece).filter((piece) => !isOutOfReach(piece, newest))
  expect(kept).toEqual([16, 17, 18, 19, 20])
  expect(kept.length).toBe(PIECES_AHEAD + 2)
})
