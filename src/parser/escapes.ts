/** The two languages of escapes: E'…' (C style, bytes included) and U&'…' (code points, UTF-16 pairs included). */
import { invalidEncoding, invalidEscape, syntaxError } from '../errors.ts'

const simple: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** `\x`, `\377`, `\u`, `\U`, a doubled quote, or a backslash before any character. */
const escape = /\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([^])|''/g

/**
 * Decodes an E string from its parts (more than one if it continues on another line), quotes still doubled. No escape
 * spans two parts. Errors: 22025, 22021, 42601.
 */
export function decodeEscapes(parts: readonly string[], position: number): string {
  let bytes = false
  const decodePart = (part: string): string => {
    if (!part.isWellFormed()) throw invalidEncoding('a lone surrogate', position)
    return part.replace(escape, (match, hex?: string, octal?: string, u?: string, U?: string, other?: string) => {
      if (match === "''") return "'"
      if (hex !== undefined || octal !== undefined) {
        const byte = hex === undefined ? parseInt(octal ?? '', 8) & 255 : parseInt(hex, 16)
        if (byte === 0) throw invalidEncoding('0x00', position)
        if (byte < 0x80) return String.fromCharCode(byte)
        bytes = true
        // Stands for a byte until all are there: half a surrogate pair, which the text itself cannot contain.
        return String.fromCharCode(0xdc00 + byte)
      }
      if (u !== undefined || U !== undefined) return codePoint(parseInt(u ?? U ?? '', 16), position)
      if (other === 'u' || other === 'U') {
        throw invalidEscape('invalid Unicode escape', position, 'Unicode escapes must be \\uXXXX or \\UXXXXXXXX.')
      }
      return simple[other ?? ''] ?? other ?? ''
    })
  }
  const decoded = parts.map(decodePart).join('')
  return bytes ? decodeBytes(decoded, position) : decoded
}

/** Puts runs of byte escapes together as UTF-8. A pair of \u surrogates is no run: its low half follows a high one. */
function decodeBytes(text: string, position: number): string {
  return text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]+/g, (run) => {
    const bytes = Uint8Array.from(run, (half) => half.charCodeAt(0) - 0xdc00)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      const shown = Array.from(bytes.subarray(0, 4), (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ')
      throw invalidEncoding(shown, position)
    }
  })
}

/** Half a pair is given as it is; whoever puts the string together checks that no half stays alone. */
function codePoint(code: number, position: number): string {
  if (code === 0 || code > 0x10ffff) {
    throw syntaxError('invalid Unicode escape value', `\\u${code.toString(16).padStart(4, '0')}`, position)
  }
  return code < 0x10000 ? String.fromCharCode(code) : String.fromCodePoint(code)
}

/** Decodes `\XXXX` and `\+XXXXXX` where `character` stands for the backslash. Errors: 42601. */
export function decodeUnicode(body: string, character: string, position: number): string {
  if (!body.includes(character)) return body
  let decoded = ''
  let at = 0
  for (;;) {
    const next = body.indexOf(character, at)
    if (next < 0) return decoded + body.slice(at)
    decoded += body.slice(at, next)
    if (body.startsWith(character, next + 1)) {
      decoded += character
      at = next + 2
      continue
    }
    const short = /^[0-9a-fA-F]{4}/.exec(body.slice(next + 1, next + 5))
    const long = /^\+[0-9a-fA-F]{6}/.exec(body.slice(next + 1, next + 8))
    const found = short?.[0] ?? long?.[0]
    if (found === undefined) {
      throw invalidEscape('invalid Unicode escape', position, 'Unicode escapes must be \\XXXX or \\+XXXXXX.')
    }
    decoded += codePoint(parseInt(found.replace('+', ''), 16), position)
    at = next + 1 + found.length
  }
}
