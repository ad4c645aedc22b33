// An environment that may be replaced while its tools run lies in one of two slots, `.venv/NAME-a` and `.venv/NAME-b`,
// and `.venv/NAME` is a link to it. The next one is made in the other slot; one rename turns the link to it, so that
// a tool starts in the old one or in the new one and never finds none. The old one stays until the slot is needed.
import { existsSync, lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './root.mjs'

const linkOf = (name) => join(root, '.venv', name)
const slotOf = (name, letter) => `${linkOf(name)}-${letter}`
const nextLinkOf = (name) => `${linkOf(name)}.next`

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** The slot that is not in use. */
export function freeSlot(name) {
  const inUse = isLink(linkOf(name)) ? readlinkSync(linkOf(name)) : null
  return slotOf(name, inUse === basename(slotOf(name, 'a')) ? 'b' : 'a')
}

/** Puts the finished environment in `slot` to use. */
export function turnTo(name, slot) {
  const link = linkOf(name)
  rmSync(nextLinkOf(name), { force: true })
  symlinkSync(basename(slot), nextLinkOf(name))
  // A folder in the link's place is of before there were slots: it makes room for this once.
  if (existsSync(link) && !isLink(link)) {
    const other = slotOf(name, slot === slotOf(name, 'a') ? 'b' : 'a')
    rmSync(other, { recursive: true, force: true })
    renameSync(link, other)
  }
  renameSync(nextLinkOf(name), link)
}

/** Ends a turn that was cut off after that folder had made room: what comes next was finished before it began. */
export function finishTurn(name) {
  if (!existsSync(linkOf(name)) && existsSync(nextLinkOf(name))) renameSync(nextLinkOf(name), linkOf(name))
}
