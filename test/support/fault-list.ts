// Faults that wait for the request they fit, for any of the servers: each is used up by so many.

/** `times` left out: always. A cut at a byte strikes while the body still comes. */
type Strike = { times?: number; how: { kind: string; atByte?: number } }

export function createFaultList<Fault extends Strike, Request>(
  matches: (fault: Fault, request: Request) => boolean,
) {
  const faults: (Fault & { left: number })[] = []
  const isEarly = ({ how }: Fault) => how.kind === 'cut' && how.atByte !== undefined
  return {
    add(fault: Fault): { remove: () => void } {
      const own = { ...fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      faults.push(own)
      return { remove: () => faults.splice(faults.indexOf(own), faults.includes(own) ? 1 : 0) }
    },
    /** The first fault that fits, used up by one. `early` ones strike while the body still comes. */
    take(request: Request, when: 'early' | 'whole'): Fault['how'] | undefined {
      const found = faults.find(
        (fault) => fault.left > 0 && isEarly(fault) === (when === 'early') && matches(fault, request),
      )
      if (!found) return undefined
      found.left -= 1
      return found.how
    },
  }
}
