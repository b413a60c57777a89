/** Finds the word that a misspelt one probably meant. */

/** Damerau's distance: insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/** The closest of `candidates` that `fits`; null if none is close. Short words must be closer than long ones. */
export function closestWord(
  word: string,
  candidates: readonly string[],
  fits: (candidate: string) => boolean,
): string | null {
  if (word.length < 2 || word.length > 20) return null
  const near = candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= 2)
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(
      ({ candidate, distance }) => distance > 0 && distance <= (Math.min(candidate.length, word.length) < 5 ? 1 : 2),
    )
    .sort((a, b) => a.distance - b.distance)
  return near.find(({ candidate }) => fits(candidate))?.candidate ?? null
}
