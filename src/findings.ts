// What the doctor finds: good, bad with the command that mends it, or worth a note.
export type Finding = { state: 'good' | 'note'; text: string } | { state: 'bad'; text: string; mend: string }

export const good = (text: string): Finding => ({ state: 'good', text })
export const note = (text: string): Finding => ({ state: 'note', text })
/** @param mend a line for a shell, in the clone's folder */
export const bad = (text: string, mend: string): Finding => ({ state: 'bad', text, mend })

/** The command that gives a setting a value; of two lines in .env the last counts. */
export function setting(name: string, value: string): string {
  return `echo '${name}=${value}' >> .env`
}
