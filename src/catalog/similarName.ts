/**
 * "Perhaps you meant …": the name nearest to a misspelt one, by Damerau and Levenshtein's distance (insert, delete,
 * replace, exchange two neighbours), if it is near enough to be a slip of the hand.
 */
export function similarName(wrong: string, candidates: Iterable<string>): string | null {
  const bound = Math.min(3, Math.floor(wrong.length / 2))
  let best: string | null = null
  let bestDistance = bound + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wrong.length) >= bestDistance || candidate.length > 63) continue
    const distance = editDistance(wrong, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, beforePrevious[j - 2]! + 1)
      current.push(distance)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
