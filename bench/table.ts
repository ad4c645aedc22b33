// Numbers as people read them, and tables that line up.

export function printTable(title: string, columns: string[], rows: string[][], notes: string[] = []): void {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  console.log(
    ['', `## ${title}`, '', line(columns), rule, ...rows.map(line), ...notes.map((note) => `  ${note}`)].join(
      '\n',
    ),
  )
}

/** The value that `share` of the samples do not exceed (nearest rank). */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Milliseconds: a digit after the point where it says something. */
export function ms(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}

export function ratio(value: number, of: number): string {
  return `${(value / of).toFixed(2)} x`
}

export function goal(name: string, isMet: boolean): string {
  return `goal ${name}: ${isMet ? 'met' : 'NOT met'}`
}
