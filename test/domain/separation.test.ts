import { describe, expect, test } from 'vitest'
import { decide, type OpenRequest, type StageRow } from '../../src/domain/separation.ts'

const request: OpenRequest = {
  id: 'r1',
  platform: 'terminal',
  separationId: 's1',
  isSong: false,
  place: 0,
  ageSeconds: 0,
  songs: null,
}
const row = (
  stage: StageRow['stage'],
  owner: string,
  state: StageRow['state'],
  job: StageRow['job'] = 'live',
): StageRow => ({
  stage,
  owner,
  queue: stage === 'delivery' ? 'delivery-terminal' : stage,
  state,
  jobId: `${stage} job`,
  job,
  errorCode: state === 'discarded' ? 'internal' : null,
  errorMessage: state === 'discarded' ? 'Broken.' : null,
  found: null,
  foundForSeconds: null,
  priority: null,
})
const downloaded = row('download', 't', 'done', 'gone')
const sends = (stages: StageRow[], requests = [request]) =>
  decide({ trackId: 't', needsResolving: false, requests, stages }).send.map(
    ({ queue, owner }) => `${queue} ${owner}`,
  )

describe('decide', () => {
  test('what is sent follows what is done', () => {
    expect(sends([])).toEqual(['download t'])
    expect(sends([row('download', 't', 'running')])).toEqual([])
    expect(sends([downloaded])).toEqual(['analysis t', 'processing s1'])
    expect(sends([downloaded, row('analysis', 't', 'done', 'gone')])).toEqual(['processing s1'])
    expect(
      sends([downloaded, row('analysis', 't', 'done', 'gone'), row('processing', 's1', 'done', 'gone')]),
    ).toEqual(['delivery-terminal r1'])
    expect(
      sends([
        downloaded,
        row('analysis', 't', 'discarded', 'ended'),
        row('processing', 's1', 'done', 'gone'),
      ]),
    ).toEqual(['delivery-terminal r1'])
  })

  test('a job that is gone without a result is sent again; one ended by somebody else is discarded', () => {
    expect(sends([row('download', 't', 'running', 'gone')])).toEqual(['download t'])
    expect(
      decide({
        trackId: 't',
        needsResolving: false,
        requests: [request],
        stages: [row('download', 't', 'running', 'ended')],
      }).discard,
    ).toMatchObject([{ stage: 'download' }])
  })

  test('a discarded stage fails the requests that need it, and only those', () => {
    const other = { ...request, id: 'r2', separationId: 's2' }
    const stages = [
      downloaded,
      row('analysis', 't', 'done', 'gone'),
      row('processing', 's1', 'discarded', 'ended'),
    ]
    const decision = decide({ trackId: 't', needsResolving: false, requests: [request, other], stages })
    expect(decision.fail).toEqual([{ requestId: 'r1', code: 'internal', message: 'Broken.' }])
    expect(decision.send).toMatchObject([{ owner: 's2', queue: 'processing' }])
  })

  test('work that nobody wants is cancelled, work that is done stays', () => {
    const stages = [downloaded, row('analysis', 't', 'waiting'), row('processing', 's1', 'running')]
    const decision = decide({ trackId: 't', needsResolving: false, requests: [], stages })
    expect(decision.cancel.map(({ stage }) => stage)).toEqual(['analysis', 'processing'])
  })
})
