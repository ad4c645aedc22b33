// What the doctor finds: good, bad with what to do about it, or worth a note.
export type Finding = { state: 'good' | 'bad' | 'note'; text: string }

export const good = (text: string): Finding => ({ state: 'good', text })
export const bad = (text: string): Finding => ({ state: 'bad', text })
export const note = (text: string): Finding => ({ state: 'note', text })
