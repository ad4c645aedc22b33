import { defineConfig } from 'vitest/config'

const LOAD = 'test/**/load.test.ts'

export default defineConfig({
  test: {
    globalSetup: 'test/support/server.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [LOAD],
          // Every file has a database and child processes of its own, and waits more than it works: two cores carry five.
          maxWorkers: 5,
        },
      },
      {
        extends: true,
        test: {
          name: 'load',
          include: [LOAD],
          // What has to be in time under load is run when nothing else is.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
  },
})
