// Addresses in a card, as they may be handed to a platform: of the web, whole, and not too long. Pure.
const LONGEST_ASKED = 2048

/** @returns the address as the platform gets it; undefined when it is none of `protocols`, or longer than `longest` */
export function webAddress(
  text: string | null,
  protocols: readonly string[],
  longest: number,
): string | undefined {
  if (!text || text.length > LONGEST_ASKED || !URL.canParse(text)) return undefined
  const { protocol, href } = new URL(text)
  return protocols.includes(protocol) && href.length <= longest ? href : undefined
}
