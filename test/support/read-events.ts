// Server-sent events, as a browser's EventSource would hear them.

/** Settles when the stream ends. */
export async function readEvents(
  stream: Response,
  heard: (name: string, data: unknown) => void,
): Promise<void> {
  let rest = ''
  for await (const chunk of (stream.body ?? []) as AsyncIterable<Uint8Array>) {
    const events = (rest + Buffer.from(chunk).toString()).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? []
      if (name && data) heard(name, JSON.parse(data))
    }
  }
}
