import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/server.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Every file has a database and child processes of its own, and waits more than it works: two cores carry five.
    maxWorkers: 5,
  },
})
