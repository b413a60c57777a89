/**
 * Who may write to a page, to a node of an index, or to a list of pages: whose owner is another's is copied first. The idea
 * is told in row/fork.ts.
 */

/** Compared for identity only. */
export type Owner = number

/** Who owns what was made before the first fork. */
export const UNFORKED: Owner = 0

/** Gives out owners: one object for a database, its forks, and theirs. */
export class Owners {
  #last = UNFORKED

  next(): Owner {
    return ++this.#last
  }
}
