// A message that a gateway makes just now, as far as a test that has no platform knows.
import type { NewMessage } from '../../src/store/messages.ts'

export const NEW_MESSAGE: NewMessage = {
  interactionId: null,
  token: null,
  tokenExpiresAt: null,
  maxFileBytes: null,
  installation: null,
  personName: null,
  isBegun: true,
}
