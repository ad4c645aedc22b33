import { describe, expect, test } from 'vitest'
import {
  checkSigned,
  isSigned,
  resultsExpire,
  resultsLink,
  resultsPath,
} from '../../src/domain/results-link.ts'

const KEY = Buffer.alloc(32, 7)
const ID = '2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d'
const request = { id: ID, version: 0 }
const now = new Date('2026-03-10T15:00:00.500Z')
const expires = new Date('2026-03-17T15:00:00Z')
const signedOf = (path: string) => path.split('/')[3] ?? ''

describe('the signed address of a results page', () => {
  const signed = signedOf(resultsPath(KEY, request, expires))

  test('is a folder of the request, of a time and of a signature', () => {
    expect(resultsPath(KEY, request, expires)).toMatch(
      new RegExp(`^/results/${ID}/${expires.getTime() / 1000}-[0-9a-f]{64}/$`),
    )
    expect(isSigned(signed)).toBe(true)
  })

  test('is good until it expires', () => {
    expect(checkSigned(KEY, request, signed, now)).toEqual({ verdict: 'valid', expires })
    const last = new Date(expires.getTime() - 1)
    expect(checkSigned(KEY, request, signed, last)).toEqual({ verdict: 'valid', expires })
    expect(checkSigned(KEY, request, signed, expires)).toEqual({ verdict: 'expired', expires })
  })

  const [seconds = '', hex = ''] = signed.split('-')
  test.each([
    ['a later time', `${Number(seconds) + 1}-${hex}`],
    ['another signature', `${seconds}-${hex.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`],
    ['capitals', `${seconds}-${hex.toUpperCase()}`],
    ['a signature that is cut', `${seconds}-${hex.slice(0, -1)}`],
    ['a signature that goes on', `${signed}0`],
    ['a zero before it', `0${signed}`],
    ['a time that is none', `Infinity-${hex}`],
    ['no time', `-${hex}`],
    ['a line after it', `${signed}\n`],
    ['nothing', ''],
    ['a path', '../../etc/passwd'],
  ])('with %s it is wrong', (_, changed) => {
    expect(checkSigned(KEY, request, changed, now)).toEqual({ verdict: 'wrong' })
  })

  test('is wrong for another request, another version and another key', () => {
    const wrong = { verdict: 'wrong' }
    const other = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d'
    expect(checkSigned(KEY, { id: other, version: 0 }, signed, now)).toEqual(wrong)
    expect(checkSigned(KEY, { id: ID, version: 1 }, signed, now)).toEqual(wrong)
    expect(checkSigned(Buffer.alloc(32, 8), request, signed, now)).toEqual(wrong)
  })

  test('a wrong one that has expired is wrong', () => {
    expect(checkSigned(KEY, { id: ID, version: 1 }, signed, new Date('2030-01-01'))).toEqual({
      verdict: 'wrong',
    })
  })
})

describe('how long an address is good', () => {
  test.each([
    ['ended today: from then', '2026-03-10T09:00:00Z', '2026-03-17T09:00:00.000Z'],
    ['ended days ago: from the beginning of today', '2026-02-01T09:00:00Z', '2026-03-17T00:00:00.000Z'],
  ])('%s', (_, ended, good) => {
    expect(resultsExpire(new Date(ended), now).toISOString()).toBe(good)
    expect(resultsExpire(new Date(ended), new Date('2026-03-10T23:59:59Z')).toISOString()).toBe(good)
  })
})

describe('the whole address', () => {
  test.each([
    ['https://stems.example', 'https://stems.example/results/x/1-a/'],
    ['https://stems.example/', 'https://stems.example/results/x/1-a/'],
    ['https://stems.example/band', 'https://stems.example/band/results/x/1-a/'],
    ['https://stems.example/band/', 'https://stems.example/band/results/x/1-a/'],
    ['http://127.0.0.1:4747', 'http://127.0.0.1:4747/results/x/1-a/'],
  ])('below %s', (publicUrl, link) => {
    expect(resultsLink(publicUrl, '/results/x/1-a/')).toBe(link)
  })
})
