import { describe, expect, test } from 'vitest'
import { looksLikeLink, parseLink } from '../../src/domain/link.ts'

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
    [
      `https://open.spotify.com/album/${ID}?si=x`,
      `spotify:album:${ID}`,
      `https://open.spotify.com/album/${ID}`,
    ],
    [
      `https://open.spotify.com/user/ann/playlist/${ID}`,
      `spotify:playlist:${ID}`,
      `https://open.spotify.com/playlist/${ID}`,
    ],
    [
      `https://open.spotify.com/embed/playlist/${ID}`,
      `spotify:playlist:${ID}`,
      `https://open.spotify.com/playlist/${ID}`,
    ],
    [`spotify:user:ann:playlist:${ID}`, `spotify:playlist:${ID}`, `https://open.spotify.com/playlist/${ID}`],
    [`spotify:album:${ID}`, `spotify:album:${ID}`, `https://open.spotify.com/album/${ID}`],
    [
      'https://www.youtube.com/playlist?list=PLabcdefghijkl&x=1',
      'youtube:playlist:PLabcdefghijkl',
      'https://www.youtube.com/playlist?list=PLabcdefghijkl',
    ],
    [
      'https://soundcloud.com/Band/sets/Record',
      'soundcloud:playlist:band/record',
      'https://soundcloud.com/band/sets/record',
    ],
    [
      'https://band.bandcamp.com/album/Record?from=x',
      'bandcamp:album:band/record',
      'https://band.bandcamp.com/album/record',
    ],
    [
      'https://music.apple.com/de/album/some-name/1440857781',
      'apple:album:1440857781',
      'https://music.apple.com/de/album/1440857781',
    ],
    [
      'https://www.deezer.com/fr/playlist/908622995',
      'deezer:playlist:908622995',
      'https://www.deezer.com/playlist/908622995',
    ],
  ])('%s is a list', (link, key, url) => {
    expect(parseLink(link)).toMatchObject({ kind: 'list', key, url })
  })

  test.each([
    [
      'https://youtu.be/dQw4w9WgXcQ?t=3',
      'youtube:dQw4w9WgXcQ',
      'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    ],
    [
      'https://music.youtube.com/watch?v=dQw4w9WgXcQ&list=RDAMVM',
      'youtube:dQw4w9WgXcQ',
      'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    ],
    [
      'http://m.youtube.com/shorts/dQw4w9WgXcQ',
      'youtube:dQw4w9WgXcQ',
      'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    ],
    [
      'https://soundcloud.com/Band/The-Song?in=band/sets/x',
      'soundcloud:band/the-song',
      'https://soundcloud.com/band/the-song',
    ],
    [
      'https://soundcloud.com/band/song/s-AbC12',
      'soundcloud:band/song/s-AbC12',
      'https://soundcloud.com/band/song/s-AbC12',
    ],
    ['https://Band.bandcamp.com/track/Song', 'bandcamp:band/song', 'https://band.bandcamp.com/track/song'],
    [
      'https://soundcloud.com/band/song?secret_token=s-AbC12',
      'soundcloud:band/song/s-AbC12',
      'https://soundcloud.com/band/song/s-AbC12',
    ],
    ['https://band.bandcamp.com./track/Song', 'bandcamp:band/song', 'https://band.bandcamp.com/track/song'],
    ['https://player.vimeo.com/video/76979871', 'vimeo:76979871', 'https://vimeo.com/76979871'],
    ['https://vimeo.com/76979871?share=copy', 'vimeo:76979871', 'https://vimeo.com/76979871'],
  ])('%s is a page of a site, under one key however it is written', (link, key, url) => {
    expect(parseLink(link)).toMatchObject({ kind: 'site', key, url, song: null })
  })

  test.each([
    ['https://music.apple.com/us/album/x/1440857781?i=1440857916', 'apple:track:1440857916'],
    ['https://music.apple.com/US/song/name/1440857916', 'apple:track:1440857916'],
    ['https://geo.music.apple.com/us/song/name/1440857916', 'apple:track:1440857916'],
    ['https://www.deezer.com/us/track/3135556?utm=1', 'deezer:track:3135556'],
    ['https://listen.tidal.com/album/77646168/track/77646170', 'tidal:track:77646170'],
    ['https://tidal.com/browse/track/77646170/u', 'tidal:track:77646170'],
  ])('%s is a track of a catalogue', (link, key) => {
    expect(parseLink(link)).toMatchObject({ kind: 'catalogue', key })
  })

  test.each([
    ['https://spotify.link/AbC123?x=1', 'spotify', 'https://spotify.link/AbC123'],
    ['https://open.spotify.com/s/AbC123?x=1', 'spotify', 'https://open.spotify.com/s/AbC123'],
    ['https://on.soundcloud.com/AbC123', 'soundcloud', 'https://on.soundcloud.com/AbC123'],
    ['https://link.deezer.com/s/31abc', 'deezer', 'https://link.deezer.com/s/31abc'],
  ])('%s leads to a song of %s', (link, service, url) => {
    expect(parseLink(link)).toMatchObject({ kind: 'short', service, url })
  })

  test.each([
    'https://open.spotify.com.evil.example/track/4uLU6hMCjMI75M1A2tKUQC',
    'https://evil.example/open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC',
    'https://open.spotify.com:8443/track/4uLU6hMCjMI75M1A2tKUQC',
    'https://notyoutube.com/watch?v=dQw4w9WgXcQ',
    'https://bandcamp.com.evil.example/track/x',
  ])('%s is nobody else’s than its own host’s', (link) => {
    expect(parseLink(link)).toMatchObject({ kind: 'url' })
  })

  test.each([
    [`https://open.spotify.com/artist/${ID}`, 'unsupported_link', /artist/],
    ['spotify:local:Band:Album:Song:180', 'unsupported_link', /file/],
    [`https://open.spotify.com/intl-fr/episode/${ID}`, 'unsupported_link', /podcast/],
    [`spotify:show:${ID}`, 'unsupported_link', /podcast/],
    ['https://open.spotify.com/track/short', 'unsupported_link', /one song/],
    ['https://open.spotify.com/', 'unsupported_link', /one song/],
    ['https://www.youtube.com/@band', 'unsupported_link', /profile/],
    ['https://www.youtube.com/playlist?list=RDdQw4w9WgXcQ', 'unsupported_link', /one video/],
    ['https://www.youtube.com/watch?v=../../etc', 'unsupported_link', /one song/],
    ['https://soundcloud.com/band', 'unsupported_link', /profile/],
    ['https://band.bandcamp.com/', 'unsupported_link', /profile/],
    ['https://music.apple.com/us/playlist/x/pl.abc', 'unsupported_link', /playlist/],
    ['https://www.deezer.com/show/12', 'unsupported_link', /podcast/],
    ['https://music.apple.com/us/album/x/1440857781?i=abc', 'unsupported_link', /one song/],
    ['https://tidal.com/browse/album/12', 'unsupported_link', /album/],
    ['file:///etc/passwd', 'not_a_song', /http/],
    ['ftp://a.example/b.mp3', 'not_a_song', /http/],
    ['javascript:alert(1)', 'not_a_song', /http/],
    ['https://user:secret@a.example/b.mp3', 'not_a_song', /password/],
    ['http://', 'not_a_song', /link/],
    [`https://a.example/${'ü'.repeat(600)}`, 'not_a_song', /link/],
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
    ['Data: The Song', false],
    ['./-song.flac', false],
    ['C:\\song.flac', false],
    ['a: b.mp3', false],
  ])('%s looks like a link: %s', (text, link) => {
    expect(looksLikeLink(text)).toBe(link)
  })
})
