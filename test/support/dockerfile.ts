// The Dockerfile, read: its stages, and what a target's image is made of.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLONE } from './operations.ts'

type Instruction = { name: string; text: string }
type Stage = { name: string; from: string; instructions: Instruction[] }

export type Image = {
  env: Record<string, string>
  /** From the clone, as in COPY: where it lies in the image. */
  copied: { from: string; to: string }[]
  /** From other stages. */
  made: { from: string; to: string }[]
  user: string
  /** ENTRYPOINT and CMD. */
  command: string[]
  healthcheck: string[]
  volumes: string[]
}

export function readStages(): Stage[] {
  const text = readFileSync(join(CLONE, 'Dockerfile'), 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
  const stages: Stage[] = []
  for (const line of text.split('\n').filter(Boolean)) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? []
    const [, from = '', stage = ''] = name === 'FROM' ? (/^(\S+) AS (\S+)$/.exec(rest) ?? []) : []
    if (stage) stages.push({ name: stage, from, instructions: [] })
    else stages.at(-1)?.instructions.push({ name, text: rest })
  }
  return stages
}

/** What comes of a target, the stages below it included. */
export function readImage(target: string): Image {
  const stages = readStages()
  const line: Instruction[] = []
  for (let stage = stages.find(({ name }) => name === target); stage; ) {
    line.unshift(...stage.instructions)
    const { from } = stage
    stage = stages.find(({ name }) => name === from)
  }
  const all = (wanted: string) => line.filter(({ name }) => name === wanted).map(({ text }) => text)
  const last = (wanted: string) => all(wanted).at(-1) ?? ''
  const list = (text: string) => JSON.parse(text.slice(text.indexOf('['))) as string[]
  const copies = all('COPY').map((text) => {
    const [to = '', from = '', ...others] = text
      .replace(/--from=\S+ /, '')
      .split(' ')
      .reverse()
    if (others.length > 0) throw new Error(`one thing at a time: COPY ${text}`)
    return { from, to: to === './' ? from : to, stage: /--from=(\S+)/.exec(text)?.[1] }
  })
  return {
    env: Object.fromEntries(
      all('ENV').flatMap((text) => text.split(' ').map((one) => one.split(/=(.*)/s).slice(0, 2))),
    ),
    copied: copies.filter(({ stage }) => !stage),
    made: copies.filter(({ stage }) => stage),
    user: last('USER'),
    command: [...list(last('ENTRYPOINT')), ...list(last('CMD'))],
    healthcheck: list(last('HEALTHCHECK')),
    volumes: all('VOLUME'),
  }
}
