// Why an address of a results page leads nowhere.
import type { RequestState } from '../../store/requests.ts'
import type { Notice } from '../notice.ts'

/** The same for an address that was guessed, changed or revoked. */
export const WRONG: Notice = {
  status: 404,
  code: 'no_such_page',
  title: 'There is nothing here',
  message:
    'The address is not whole, or it was revoked. Where the song was asked for, the command “results” gives a new one.',
}
export const EXPIRED: Notice = {
  status: 410,
  code: 'expired',
  title: 'This address has expired',
  message: 'It was good for seven days. Where the song was asked for, the command “results” gives a new one.',
}
export const GONE: Notice = {
  status: 410,
  code: 'files_gone',
  title: 'The files are no longer here',
  message: 'They were removed since. Ask for the song again to have it separated anew.',
}
export const AWAY: Notice = {
  status: 503,
  code: 'files_unavailable',
  title: 'The files cannot be reached just now',
  message: 'Load this page again in a minute.',
}
export const NO_SUCH_FILE: Notice = {
  status: 404,
  code: 'no_such_file',
  title: 'There is no such file',
  message: 'The song’s page lists all that there are.',
}
export const NO_SUCH_METHOD: Notice = {
  status: 405,
  code: 'no_such_method',
  title: 'That cannot be done here',
  message: 'The files can be read, and nothing else.',
}

/** Why a request has no page. */
export function notDelivered(state: RequestState): Notice {
  return state === 'failed' || state === 'cancelled'
    ? {
        status: 404,
        code: 'no_results',
        title: 'Nothing came of this song',
        message: 'It failed or was cancelled. Where it was asked for, the command “retry” tries it again.',
      }
    : {
        status: 409,
        code: 'not_ready',
        title: 'This song is still being worked on',
        message: 'Its message shows how far it is. Load this page again once it is done.',
      }
}
