// Files onto a message, each once. A PATCH names every file the message shall have, so one that is repeated replaces and never
// doubles; what is there is read first, so that nothing is sent twice.
import { openAsBlob } from 'node:fs'
import type { APIAttachment } from 'discord-api-types/v10'
import { ChatError } from '../../errors.ts'
import type { Attachment } from '../chat.ts'
import type { RestOptions } from './rest.ts'

/** Create Message documents 25 MiB a request; a little of it is the form's own. */
export const MAX_REQUEST_BYTES = 25 * 1024 ** 2 - 64 * 1024

type Held = Pick<APIAttachment, 'id' | 'filename' | 'size'>
export type Form = NonNullable<RestOptions['form']>
export type PatchMessage = (form: Form) => Promise<{ attachments: Held[] }>

/**
 * @param there what the message has now
 * @throws ChatError of `patch`, or `chat_unavailable` when Discord kept a file other than it was sent
 */
export async function attachAll(there: Held[], files: Attachment[], patch: PatchMessage): Promise<void> {
  const complete = (held: Held[]) => files.flatMap((file) => held.find((one) => isSame(one, file)) ?? [])
  let held = complete(there)
  const missing = files.filter((file) => !held.some((one) => isSame(one, file)))
  if (missing.length === 0 && held.length === there.length) return
  for (const batch of missing.length > 0 ? batchesOf(missing) : [[]]) {
    const answer = await patch(await formOf(held, batch))
    held = complete(answer.attachments)
    // An upload that was cut may be taken as it came.
    if (!batch.every((file) => held.some((one) => isSame(one, file))))
      throw new ChatError('chat_unavailable', { cause: new Error('a file arrived other than it was sent') })
  }
}

function isSame(held: Held, file: Attachment): boolean {
  return held.filename === file.name && held.size === file.bytes
}

/** As few requests as stay within their size. */
function batchesOf(files: Attachment[]): Attachment[][] {
  const batches: Attachment[][] = []
  let room = 0
  for (const file of files) {
    if (file.bytes > room || batches.length === 0) {
      batches.push([])
      room = MAX_REQUEST_BYTES
    }
    batches.at(-1)?.push(file)
    room -= file.bytes
  }
  return batches
}

/** Whole in memory, at most a request's size: a stream of files that is broken off ends the process (Node 24.21, ReadableStream). */
async function formOf(held: Held[], batch: Attachment[]): Promise<Form> {
  const form = new FormData()
  const attachments = [
    ...held.map(({ id }) => ({ id })),
    ...batch.map(({ name, description }, id) => ({ id, filename: name, description })),
  ]
  form.append('payload_json', JSON.stringify({ attachments }))
  for (const [index, { name, path }] of batch.entries())
    form.append(`files[${index}]`, (await openAsBlob(path)) as Blob, name)
  const encoded = new Response(form)
  return {
    bytes: new Uint8Array(await encoded.arrayBuffer()),
    contentType: encoded.headers.get('content-type') ?? '',
  }
}
