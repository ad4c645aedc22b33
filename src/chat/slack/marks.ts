// The marks of text that Slack hands over: `&amp;`, and links in angle brackets. Pure.

const MARKS: Record<string, string> = { amp: '&', lt: '<', gt: '>' }
/** `<https://…>`, and `<https://…|how it is shown>`. */
const LINK = /<((?:https?:\/\/|spotify:)[^<>|\s]*)(?:\|[^<>]*)?>/gi

/** The text as the person wrote it. */
export function withoutMarks(text: string): string {
  return text
    .toWellFormed()
    .replace(/&(amp|lt|gt);/g, (mark, name: string) => MARKS[name] ?? mark)
    .replace(LINK, '$1')
}
