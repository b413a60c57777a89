/** The name that a misspelt one was probably meant to be, if one is near: at most a third of its letters away. */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate) }))
    .filter(({ candidate, distance: away }) => away <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.candidate ?? candidates.find((candidate) => wanted.length >= 3 && candidate.startsWith(wanted))
}

/** Edit distance of Levenshtein, one row of the table at a time; long input is not worth a suggestion. */
function distance(a: string, b: string): number {
  if (a.length > 64) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
