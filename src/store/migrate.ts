// Applies migrations/*.sql, each once, in the order of their numbers, under a lock so that processes starting together do not collide.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'

const FOLDER = join(import.meta.dirname, '../../migrations')

/** @returns the names of the migrations that were applied now */
export async function migrate(database: Database): Promise<string[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  const there = await database
    .query<{ name: string }>('select name from migrations')
    .then((result) => new Set(result.rows.map((row) => row.name)))
    .catch(() => new Set<string>())
  if (names.every((name) => there.has(name))) return []

  return database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtextextended('sound-forge migrations', 0))")
    await tx.query(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
    )
    const applied: string[] = []
    for (const name of names) {
      const { rowCount } = await tx.query(
        'insert into migrations (name) values ($1) on conflict do nothing',
        [name],
      )
      if (!rowCount) continue
      await tx.query(await readFile(join(FOLDER, name), 'utf8'))
      applied.push(name)
    }
    return applied
  })
}
