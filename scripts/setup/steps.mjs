import { environmentIsReady, prepareEnvironments } from './environments.mjs'
import { exclusively } from './exclusive.mjs'
import { installPackages, packagesAreReady } from './packages.mjs'
import { endWithSignals } from './program.mjs'
import { requireSupportedSystem } from './system.mjs'
import { isWarmedUp, warmUp } from './warm-up.mjs'

const pythonIsReady = (dev) =>
  environmentIsReady('separate', { dev }) &&
  environmentIsReady('download', { dev }) &&
  (!dev || environmentIsReady('operations', { dev: false }))

/**
 * Brings what is missing, and does nothing but look at stamps when nothing is.
 * @param needs `python`: the Python environments too; `dev`: with what tests need; `warm`: with compiled caches
 */
export async function setUp({ python = false, dev = false, warm = false }) {
  const isReady = () => packagesAreReady() && (!python || pythonIsReady(dev)) && (!warm || isWarmedUp())
  if (isReady()) return
  requireSupportedSystem()
  endWithSignals()
  await exclusively(async () => {
    if (!packagesAreReady()) await installPackages()
    if (python && !pythonIsReady(dev)) await prepareEnvironments({ dev })
    if (warm && !isWarmedUp()) await warmUp()
  })
}
