// What the process's one web server is made of.
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { SecureHeadersVariables } from 'hono/secure-headers'
import type { Log } from '../log.ts'

export type WebEnv = { Bindings: HttpBindings; Variables: SecureHeadersVariables & { log: Log } }
/** A part of the web server: its addresses and what answers them. */
export type WebApp = Hono<WebEnv>
export type WebContext = Context<WebEnv>
