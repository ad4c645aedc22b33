import { expect, test } from 'vitest'
import { askedBy, duration, songName, span } from '../../src/pages/admin/words.ts'

test.each([
  [-3, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [3600, '1 h'],
  [4000, '1 h 6 min'],
  [86_400, '1 d'],
  [200_000, '2 d 7 h'],
])('%d seconds are %s', (seconds, words) => {
  expect(span(seconds)).toBe(words)
})

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1234, '1.2 s'],
  [59_999, '60.0 s'],
  [75_000, '1:15 min'],
  [119_800, '2:00 min'],
])('%d milliseconds are %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test('a song is called by its artist and title, and by its number while they are not known', () => {
  expect(songName({ title: 'Song', artist: 'Band', number: 3 })).toBe('Band – Song')
  expect(songName({ title: 'Song', artist: null })).toBe('Song')
  expect(songName({ title: '', artist: null, number: 3 })).toBe('Song #3')
})

test('who asked stands with where', () => {
  const asked = { person: 'Ann', workspace: '', channel: 'main', askedAt: '' }
  expect(askedBy({ ...asked, platform: 'room' })).toBe('Ann · Room · #main')
  expect(askedBy({ ...asked, platform: 'terminal', channel: '/tmp/stems' })).toBe(
    'Ann · Terminal · /tmp/stems',
  )
  expect(askedBy({ ...asked, platform: 'slack', workspace: 'T1' })).toBe('Ann · Slack · channel main in T1')
})
