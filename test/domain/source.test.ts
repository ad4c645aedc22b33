import { describe, expect, test } from 'vitest'
import { looksLikeLink, parseLink } from '../../src/domain/source.ts'

const ID = '4uLU6hMCjMI75M1A2tKUQC'

describe('parseLink', () => {
  test.each([
    `https://open.spotify.com/track/${ID}`,
    `https://open.spotify.com/track/${ID}?si=abc&utm=1#x`,
    `https://open.spotify.com/intl-de/track/${ID}`,
    `http://open.spotify.com/intl-pt-br/track/${ID}/`,
    `spotify:track:${ID}`,
    `  https://OPEN.spotify.com/track/${ID} `,
  ])('%s is that track', (link) => {
    expect(parseLink(link)).toEqual({ kind: 'spotify', key: `spotify:track:${ID}`, trackId: ID })
  })

  test.each([
    [`https://open.spotify.com/album/${ID}`, 'unsupported_link', /album/],
    [`https://open.spotify.com/playlist/${ID}`, 'unsupported_link', /playlist/],
    [`https://open.spotify.com/intl-fr/episode/${ID}`, 'unsupported_link', /podcast/],
    [`spotify:show:${ID}`, 'unsupported_link', /podcast/],
    ['https://open.spotify.com/track/short', 'unsupported_link', /track/],
    ['https://spotify.link/abc', 'unsupported_link', /short link/],
    ['file:///etc/passwd', 'not_a_song', /http/],
    ['ftp://a.example/b.mp3', 'not_a_song', /http/],
    ['javascript:alert(1)', 'not_a_song', /http/],
    ['https://user:secret@a.example/b.mp3', 'not_a_song', /password/],
    ['http://', 'not_a_song', /link/],
    [`https://a.example/${'x'.repeat(3000)}`, 'not_a_song', /link/],
  ])('%s is refused in words', (link, code, words) => {
    expect(() => parseLink(link)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(words) }),
    )
  })

  test('a web link is rebuilt: fragment gone, host in its plain form', () => {
    expect(parseLink('HTTPS://Songs.Example/a b.mp3#t=1')).toEqual({
      kind: 'url',
      key: 'url:https://songs.example/a%20b.mp3',
      url: 'https://songs.example/a%20b.mp3',
    })
    expect(parseLink('http://2130706433/x')).toMatchObject({ url: 'http://127.0.0.1/x' })
  })

  test.each([
    ['https://a.example', true],
    [`spotify:track:${ID}`, true],
    ['file:/etc/passwd', true],
    ['song.flac', false],
    ['./-song.flac', false],
    ['C:\\song.flac', false],
    ['a: b.mp3', false],
  ])('%s looks like a link: %s', (text, link) => {
    expect(looksLikeLink(text)).toBe(link)
  })
})
