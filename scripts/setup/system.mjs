import { SetupProblem } from './problem.mjs'

const supported = ['linux-x64', 'linux-arm64', 'darwin-arm64']

/** Throws unless this is a system that the locked packages are made for. */
export function requireSupportedSystem() {
  const system = `${process.platform}-${process.arch}`
  if (!supported.includes(system)) {
    throw new SetupProblem(
      `This runs on Linux (x64 or arm64, with glibc) and on macOS (Apple silicon), not on ${system}: use one of those, or a container.`,
      { exitCode: 2 },
    )
  }
  if (process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    throw new SetupProblem(
      'This needs a Linux with glibc, and this one has musl (Alpine): use Debian, Ubuntu, Fedora or another with glibc.',
      { exitCode: 2 },
    )
  }
}
