// The address of a request's results page, signed so that it cannot be guessed, and good for a while. Pure.
import { createHmac } from 'node:crypto'

const DAYS = 7

/** `<public url>/results/<request id>?expires=<unix seconds>&signature=<hex of HMAC-SHA256 over "id.expires">` */
export function resultsLink(publicUrl: string, secret: string, requestId: string, now: Date): string {
  const expires = Math.floor(now.getTime() / 1000) + DAYS * 86_400
  const url = new URL(`results/${requestId}`, publicUrl.endsWith('/') ? publicUrl : `${publicUrl}/`)
  url.searchParams.set('expires', String(expires))
  url.searchParams.set(
    'signature',
    createHmac('sha256', secret).update(`${requestId}.${expires}`).digest('hex'),
  )
  return url.href
}
