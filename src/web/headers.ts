// The headers of every answer: nothing but what is ours runs in a page, and nobody shows it in a frame or reads it from elsewhere.
// Whoever serves the pages of somebody else gives them a policy of its own before.
import { NONCE, secureHeaders } from 'hono/secure-headers'

export const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    // The waveforms bring a style of their own into their shadow root.
    styleSrc: ["'self'", NONCE],
    imgSrc: ["'self'", 'data:'],
    mediaSrc: ["'self'", 'blob:'],
    connectSrc: ["'self'"],
    workerSrc: ["'self'"],
    manifestSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
  },
  xFrameOptions: 'DENY',
  // Of whoever stands before us with a certificate.
  strictTransportSecurity: false,
  overwrite: false,
})

/** Of answers that Node gives without Hono: they are no pages. */
export const bareHeaders = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
] as const
