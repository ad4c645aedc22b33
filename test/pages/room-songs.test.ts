import { describe, expect, test } from 'vitest'
import { foldedSongs, isSettled, type Song, songsInWords } from '../../src/pages/room/songs.ts'

const song = (state: Song['state'], fraction = 0): Song => ({
  number: 1,
  title: 'Song',
  artist: null,
  state,
  fraction,
  error: null,
})
const places = (songs: Song[], most: number) => foldedSongs(songs, most).map(({ place }) => place)

describe('songs of a list', () => {
  test('a short list is shown whole, in its order', () => {
    expect(places([song('delivered'), song('failed'), song('working')], 12)).toEqual([0, 1, 2])
    expect(places([], 12)).toEqual([])
  })

  test('of a long one what failed and what is under way, then what is next, in its order', () => {
    const songs = [
      song('delivered'),
      song('working'),
      song('failed'),
      song('working', 0.5),
      song('cancelled'),
      song('ready'),
      song('working'),
    ]
    expect(places(songs, 1)).toEqual([2])
    expect(places(songs, 3)).toEqual([2, 3, 5])
    expect(places(songs, 4)).toEqual([1, 2, 3, 5])
    expect(places(songs, 6)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('no more than asked for, whatever there is of a kind', () => {
    const failed = Array.from({ length: 50 }, () => song('failed'))
    expect(places(failed, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('in words', () => {
    expect(songsInWords([song('delivered'), song('failed')])).toBe('1 of 2 is there')
    expect(songsInWords([song('failed'), song('failed')])).toBe('0 of 2 are there')
  })

  test('what is there, or never can be, is as it will ever be', () => {
    expect(isSettled(song('delivered'))).toBe(true)
    expect(isSettled({ ...song('failed'), number: null })).toBe(true)
    expect(isSettled(song('failed'))).toBe(false)
    expect(isSettled(song('cancelled'))).toBe(false)
  })
})
