import { defineConfig } from 'vitest/config'

const LOAD = 'test/**/load.test.ts'
/** With tools that compute, or environments that are made: beside them others would not keep their time. */
const WHOLE = ['test/sources.test.ts', 'test/sources-bad-input.test.ts', 'test/update-downloader.test.ts']
const BROWSER = [
  'test/room.test.ts',
  'test/room-page.test.ts',
  'test/results-page.test.ts',
  'test/results-sync.test.ts',
  'test/admin-page.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: 'test/support/server.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI's machines differ in speed by half, and these tests are of real processes: what fails there is run once more, and marked so.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [LOAD, ...WHOLE, ...BROWSER],
          // Every file has a database and child processes of its own, and waits more than it works: two cores carry five.
          maxWorkers: 5,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: WHOLE,
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: BROWSER,
          // A browser draws on all cores: beside it, others would not keep the pace of the platforms.
          sequence: { groupOrder: 2 },
          maxWorkers: 4,
        },
      },
      {
        extends: true,
        test: {
          name: 'load',
          include: [LOAD],
          // What has to be in time under load is run when nothing else is.
          sequence: { groupOrder: 3 },
          maxWorkers: 1,
        },
      },
    ],
  },
})
