/** Something the person can mend: shown as one sentence, with what the failed program said last. */
export class SetupProblem extends Error {
  constructor(message, { exitCode = 1, tail = [] } = {}) {
    super(message)
    this.exitCode = exitCode
    this.tail = tail
  }
}
