/**
 * Upper and lower case by Unicode's simple mapping, one code point to one, without regard to a language or to the
 * neighbours: that of PostgreSQL's builtin provider (C.UTF-8). So 'ß' stays 'ß' in upper case, and Σ becomes σ everywhere.
 */
export function lowerCase(text: string): string {
  return isAscii(text) ? text.toLowerCase() : mapCodePoints(text, (character) => character.toLowerCase())
}

export function upperCase(text: string): string {
  return isAscii(text) ? text.toUpperCase() : mapCodePoints(text, (character) => character.toUpperCase())
}

/** The first letter of each word in upper case, the rest in lower case; words are runs of letters and digits. */
export function initialCapitals(text: string): string {
  let inside = false
  return mapCodePoints(text, (character) => {
    const mapped = inside ? character.toLowerCase() : character.toUpperCase()
    inside = /[\p{L}\p{N}]/u.test(character)
    return mapped
  })
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function mapCodePoints(text: string, map: (character: string) => string): string {
  let result = ''
  for (const character of text) {
    const mapped = map(character)
    const isOne = mapped.length === 1 || (mapped.length === 2 && mapped.codePointAt(0)! > 0xffff)
    result += isOne ? mapped : character
  }
  return result
}
