/** Identifiers as PostgreSQL keeps them: folded (ASCII only, like a UTF-8 server) and at most 63 bytes of UTF-8. */
import { invalidEncoding } from '../errors.ts'
import { flatten } from './quoting.ts'

const maxBytes = 63

const onlyAscii = /^[\x00-\x7f]*$/

export function foldIdentifier(text: string, position: number): string {
  if (onlyAscii.test(text)) return flatten(truncateIdentifier(text.toLowerCase()))
  if (!text.isWellFormed()) throw invalidEncoding('a lone surrogate', position)
  return flatten(truncateIdentifier(text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())))
}

/** Cuts at 63 bytes, never within a character. PostgreSQL warns, and so do we nowhere: the name is the same. */
export function truncateIdentifier(name: string): string {
  if (name.length * 3 <= maxBytes) return name
  let bytes = 0
  let end = 0
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (bytes > maxBytes) return name.slice(0, end)
    end += character.length
  }
  return name
}
