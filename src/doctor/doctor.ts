// `npm run doctor`: what works, what does not, and the command that mends it. Ends with 1 when something needed is missing.
import { styleText } from 'node:util'
import { discordAccess } from '../chat/discord/access.ts'
import { slackAccess } from '../chat/slack/access.ts'
import type { Settings } from '../config.ts'
import { describeError } from '../errors.ts'
import { bad, type Finding, good, note } from '../findings.ts'
import { checkDatabase } from './database.ts'
import { checkFileStore } from './file-store.ts'
import { checkObserving } from './observing.ts'
import { checkDownloader, checkEnvironment, checkModels } from './tools.ts'

type Part = () => Promise<Finding[]> | Finding[]

export async function doctor(settings: Settings): Promise<number> {
  const works = (stage: Settings['WORKER_QUEUES'][number]) => settings.WORKER_QUEUES.includes(stage)
  const downloads = works('resolve') || works('download')
  const separates = works('processing') || works('analysis') || works('delivery')
  const parts: Part[] = [
    () => [good(`Node ${process.version}`), good(`This machine works: ${settings.WORKER_QUEUES.join(', ')}`)],
    () => checkDatabase(settings),
    () => checkFileStore(settings),
    ...(separates ? [() => checkEnvironment(settings, 'separate')] : []),
    ...(downloads ? [() => checkEnvironment(settings, 'download'), checkDownloader] : []),
    () => [good(`Songs are taken by: ${settings.SOURCES.join(', ')}`)],
    ...(works('processing') ? [() => checkModels(settings)] : []),
    () => checkObserving(settings),
    () => [good('Terminal: npm run separate -- <file or link>'), checkSpotify(settings)],
    () => checkDiscord(settings),
    () => checkSlack(settings),
  ]
  let isWell = true
  for (const part of parts) {
    for (const finding of await findingsOf(part)) {
      console.log(lineOf(finding))
      if (finding.state === 'bad') isWell = false
    }
  }
  return isWell ? 0 : 1
}

/** What cannot be looked at is bad itself, and hides nothing else. */
async function findingsOf(part: Part): Promise<Finding[]> {
  try {
    return await part()
  } catch (error) {
    return [bad(describeError(error).message.replace(/\.$/, ''), 'LOG_LEVEL=debug npm run doctor')]
  }
}

function lineOf(finding: Finding): string {
  const { state, text } = finding
  const mark = {
    good: styleText('green', '✓'),
    bad: styleText('red', '✗'),
    note: styleText('yellow', '·'),
  }[state]
  return state === 'bad' ? `${mark} ${text}: \`${finding.mend}\`` : `${mark} ${text}`
}

function checkSpotify(settings: Settings): Finding {
  return settings.SPOTIFY_CLIENT_ID && settings.SPOTIFY_CLIENT_SECRET
    ? good('Spotify: the credentials of your app are used')
    : note(
        "Spotify: spotdl's default is used; set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET for your own app",
      )
}

async function checkDiscord(settings: Settings): Promise<Finding[]> {
  const access = discordAccess(settings)
  if (access) return (await import('../chat/discord/check.ts')).checkDiscord(access)
  return [
    note(
      'Discord is not set up: set DISCORD_TOKEN and DISCORD_APPLICATION_ID (README, Discord in five steps)',
    ),
  ]
}

async function checkSlack(settings: Settings): Promise<Finding[]> {
  const access = slackAccess(settings)
  if (access) return (await import('../chat/slack/check.ts')).checkSlack(access, settings)
  return [
    note(
      'Slack is not set up: set SLACK_BOT_TOKEN, and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET (README, Slack in five steps)',
    ),
  ]
}
