// Whether somebody knows a secret of ours; who gives wrong ones has to wait.
import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { WebContext } from './app.ts'
import { WrongSecrets } from './wrong-secrets.ts'

/** Where a proxy of our own stands. */
const NEAR = new BlockList()
NEAR.addSubnet('127.0.0.0', 8)
NEAR.addSubnet('10.0.0.0', 8)
NEAR.addSubnet('172.16.0.0', 12)
NEAR.addSubnet('192.168.0.0', 16)
NEAR.addAddress('::1', 'ipv6')
NEAR.addSubnet('fc00::', 7, 'ipv6')

export type SecretCheck = (context: WebContext, given: string) => 'right' | 'wrong' | { waitSeconds: number }

export function secretCheck(secret: string): SecretCheck {
  const wrong = new WrongSecrets()
  return (context, given) => {
    const peer = peerOf(context)
    const waitMs = wrong.waitMs(peer, Date.now())
    if (waitMs > 0) return { waitSeconds: Math.ceil(waitMs / 1000) }
    if (timingSafeEqual(sha256(given), sha256(secret))) return 'right'
    wrong.note(peer, Date.now())
    return 'wrong'
  }
}

/** Behind a proxy of our own, whom that has heard: else one stranger's wrong secrets would lock out everybody. */
function peerOf({ req, env }: WebContext): string {
  const address = (env.incoming.socket.remoteAddress ?? '').replace(/^::ffff:/i, '')
  const heard = req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return isIP(heard) > 0 && isIP(address) > 0 && NEAR.check(address, family) ? heard : address
}

/** Checksums have one length, so that comparing them tells nothing. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
