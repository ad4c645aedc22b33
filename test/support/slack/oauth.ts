// Installing the app: the page that asks, which here says yes at once, and the exchange of its code for a token.
import { randomBytes } from 'node:crypto'
import { isGiven } from './body.ts'
import { refusal } from './errors.ts'
import { Grant } from './grant.ts'
import type { Handler } from './methods.ts'
import type { Json } from './rules.ts'
import { User } from './user.ts'
import { Enterprise, Workspace, type World } from './world.ts'

const CODE_LIFE_MS = 10 * 60_000

type Asked = { place: Workspace | Enterprise; scopes: string[]; redirectUri: string | null; untilMs: number }
type Page = { status: number; location?: string; body: string }

export function createOAuth(world: World, installing: () => Workspace | Enterprise | undefined) {
  const codes = new Map<string, Asked>()

  /** GET /oauth/v2/authorize */
  const authorize = (query: URLSearchParams): Page => {
    const page = (body: string): Page => ({ status: 200, body: `<html><body>${body}</body></html>` })
    const place = installing()
    const scopes = (query.get('scope') ?? '').split(',').filter(Boolean)
    const redirectUri = query.get('redirect_uri')
    if (query.get('client_id') !== world.clientId) return page('Invalid client_id parameter')
    if (scopes.length === 0) return page('No scopes requested')
    if (!redirectUri) return page('redirect_uri is missing')
    if (!place) return page('Nobody is installing: set slack.installing')
    const code = randomBytes(24).toString('hex')
    codes.set(code, { place, scopes, redirectUri, untilMs: world.clock.now() + CODE_LIFE_MS })
    const location = new URL(redirectUri)
    location.searchParams.set('code', code)
    location.searchParams.set('state', query.get('state') ?? '')
    return { status: 302, location: location.href, body: '' }
  }

  const mustBeApp = (id: unknown, secret: unknown) => {
    if (id !== world.clientId) throw refusal('invalid_client_id')
    if (secret !== world.clientSecret) throw refusal('bad_client_secret')
  }

  /** oauth.v2.access @param basic what an Authorization header of that kind holds */
  const access = (args: Json, basic: string | undefined): Json => {
    const [id, secret] = basic?.split(':') ?? [args['client_id'], args['client_secret']]
    mustBeApp(id, secret)
    const code = String(args['code'] ?? '')
    const asked = codes.get(code)
    if (!asked || world.clock.now() > asked.untilMs) throw refusal('invalid_code')
    if (isGiven(args['redirect_uri']) ? args['redirect_uri'] !== asked.redirectUri : asked.redirectUri)
      throw refusal('bad_redirect_uri')
    codes.delete(code)
    const grant = install(world, asked)
    const { workspace, enterprise } = grant
    const organisation = enterprise ?? workspace?.enterprise
    return {
      app_id: world.appId,
      authed_user: { id: installer(world, asked.place).id },
      scope: grant.scopes.join(','),
      token_type: 'bot',
      access_token: grant.token,
      bot_user_id: grant.botUser.id,
      team: workspace ? { id: workspace.id, name: workspace.name } : null,
      enterprise: organisation ? { id: organisation.id, name: organisation.name } : null,
      is_enterprise_install: grant.isForOrganisation,
    }
  }

  const revoke: Handler = ({ grant, args }) => {
    const isTest = isGiven(args['test']) && args['test'] !== 'false' && args['test'] !== '0'
    if (!isTest) grant.dead = 'token_revoked'
    return { revoked: !isTest }
  }
  const uninstall: Handler = ({ grant, args }) => {
    mustBeApp(args['client_id'], args['client_secret'])
    grant.dead = 'account_inactive'
    return {}
  }
  return { authorize, access, methods: { 'auth.revoke': revoke, 'apps.uninstall': uninstall } }
}

/** Installed again while it is there, the app keeps its token and adds to its scopes. */
function install(world: World, { place, scopes }: Asked): Grant {
  const old = place instanceof Workspace ? place.ownGrant : place.grant
  if (old && !old.dead) {
    old.scopes = [...new Set([...old.scopes, ...scopes])]
    return old
  }
  const grant = new Grant(world, {
    ...(place instanceof Workspace ? { workspace: place } : { enterprise: place }),
    scopes,
  })
  if (place instanceof Enterprise) place.grant = grant
  else place.ownGrant = grant
  return grant
}

function installer(world: World, place: Workspace | Enterprise): User {
  const workspace = place instanceof Workspace ? place : place.workspaces[0]
  const admin = workspace?.people.find((one) => one.isAdmin)
  return admin ?? new User(world, { workspace, name: 'installer', admin: true })
}
