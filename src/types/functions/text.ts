/** The string functions: they count in code points, and no result exceeds the bound of stringBounds.ts. */
import { DatabaseError, invalidArgument, outOfRange } from '../../errors.ts'
import { initialCapitals, lowerCase, upperCase } from '../caseMapping.ts'
import { BOOLEAN, INT4, TEXT } from '../registry.ts'
import { overload } from '../resolvedCall.ts'
import type { Overload } from '../resolvedCall.ts'
import type { SqlType } from '../sqlType.ts'
import { codePointCount, codePointOffset } from '../textInput.ts'
import type { Value } from '../value.ts'
import { checkStringLength, stringResult } from './stringBounds.ts'

/** The bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Each half of a surrogate pair counts two of the pair's four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 2 : 3
  }
  return bytes
}

/** Code points from 1-based `start` to before `end`; both may lie outside. */
function between(text: string, start: number, end: number): string {
  const from = codePointOffset(text, Math.max(0, start - 1))
  const tail = text.slice(from)
  return tail.slice(0, codePointOffset(tail, Math.max(0, end - Math.max(1, start))))
}

export function substringFrom(text: string, start: number): string {
  return start <= 1 ? text : text.slice(codePointOffset(text, start - 1))
}

/** Throws 22011 for a negative length. */
export function substringFor(text: string, start: number, length: number): string {
  if (length < 0) throw invalidArgument('22011', 'negative substring length not allowed')
  return between(text, start, start + length)
}

/** The first `count` code points; a negative count drops so many from the end. */
function left(text: string, count: number): string {
  return text.slice(0, codePointOffset(text, count >= 0 ? count : Math.max(0, codePointCount(text) + count)))
}

/** The last `count` code points; a negative count drops so many from the start. */
function right(text: string, count: number): string {
  return text.slice(codePointOffset(text, count >= 0 ? Math.max(0, codePointCount(text) - count) : -count))
}

function trimStart(text: string, characters: string): string {
  const set = new Set(characters)
  let at = 0
  for (const character of text) {
    if (!set.has(character)) break
    at += character.length
  }
  return text.slice(at)
}

function trimEnd(text: string, characters: string): string {
  const set = new Set(characters)
  let end = text.length
  while (end > 0) {
    const size = (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00 ? 2 : 1
    if (!set.has(text.slice(end - size, end))) break
    end -= size
  }
  return text.slice(0, end)
}

function replaceAll(text: string, from: string, to: string): string {
  if (from === '') return text
  if (to.length > from.length) checkStringLength(text.length + (text.length / from.length) * (to.length - from.length))
  return text.split(from).join(to)
}

/** The 1-based position in code points; 0 if absent. */
function position(text: string, part: string): number {
  const at = text.indexOf(part)
  return at < 0 ? 0 : codePointCount(text.slice(0, at)) + 1
}

function repeat(text: string, count: number): string {
  const times = Math.max(0, count)
  checkStringLength(text.length * times)
  return text.repeat(times)
}

function reverse(text: string): string {
  return Array.from(text).reverse().join('')
}

/** `fill` repeated to `length` code points; the empty string if there is nothing to repeat. */
function filling(fill: string, length: number): string {
  if (length <= 0 || fill === '') return ''
  const count = codePointCount(fill)
  checkStringLength(fill.length * Math.ceil(length / count))
  const whole = fill.repeat(Math.ceil(length / count))
  return whole.slice(0, codePointOffset(whole, length))
}

function padStart(text: string, length: number, fill: string): string {
  const missing = length - codePointCount(text)
  return missing < 0 ? left(text, Math.max(0, length)) : stringResult(filling(fill, missing) + text)
}

function padEnd(text: string, length: number, fill: string): string {
  const missing = length - codePointCount(text)
  return missing < 0 ? left(text, Math.max(0, length)) : stringResult(text + filling(fill, missing))
}

/** Field `index` (from 1; negative from the end) of the text cut at each delimiter. Throws 22023 for 0. */
function splitPart(text: string, delimiter: string, index: number): string {
  if (index === 0) throw invalidArgument('22023', 'field position must not be zero')
  if (text === '') return ''
  const fields = delimiter === '' ? [text] : text.split(delimiter)
  return fields.at(index > 0 ? index - 1 : index) ?? ''
}

/** Each character of `from` becomes the one at its place in `to`, or vanishes if there is none. */
function translate(text: string, from: string, to: string): string {
  const targets = Array.from(to)
  const map = new Map<string, string>()
  for (const [i, character] of Array.from(from).entries()) {
    if (!map.has(character)) map.set(character, targets[i] ?? '')
  }
  return Array.from(text, (character) => map.get(character) ?? character).join('')
}

function codePoint(text: string): number {
  return text.codePointAt(0) ?? 0
}

/** Throws 54000 for what is no code point of text. */
function characterOf(point: number): string {
  if (point < 0) throw invalidArgument('22023', 'character number must be positive')
  if (point === 0) throw new DatabaseError('54000', 'null character not permitted')
  if (point > 0x10ffff) throw new DatabaseError('54000', `requested character too large for encoding: ${point}`)
  if (point >= 0xd800 && point <= 0xdfff) {
    throw new DatabaseError('54000', `requested character not valid for encoding: ${point}`)
  }
  return String.fromCodePoint(point)
}

/** Lower-case hexadecimal of an int4's two's complement. */
function hexadecimal(value: number): string {
  if (!Number.isInteger(value)) throw outOfRange('integer')
  return (value >>> 0).toString(16)
}

type Call = (...args: never[]) => Value
type Entry = readonly [name: string, parameters: readonly SqlType[], result: SqlType, call: Call]

const SPACE = ' '

const ENTRIES: readonly Entry[] = [
  ...['length', 'char_length', 'character_length'].map((name): Entry => [name, [TEXT], INT4, codePointCount]),
  ['octet_length', [TEXT], INT4, utf8Length],
  ['bit_length', [TEXT], INT4, (text: string) => utf8Length(text) * 8],
  ['lower', [TEXT], TEXT, lowerCase],
  ['upper', [TEXT], TEXT, upperCase],
  ['initcap', [TEXT], TEXT, initialCapitals],
  ...['substring', 'substr'].flatMap((name): Entry[] => [
    [name, [TEXT, INT4], TEXT, substringFrom],
    [name, [TEXT, INT4, INT4], TEXT, substringFor],
  ]),
  ['left', [TEXT, INT4], TEXT, left],
  ['right', [TEXT, INT4], TEXT, right],
  ['ltrim', [TEXT], TEXT, (text: string) => trimStart(text, SPACE)],
  ['rtrim', [TEXT], TEXT, (text: string) => trimEnd(text, SPACE)],
  ['btrim', [TEXT], TEXT, (text: string) => trimStart(trimEnd(text, SPACE), SPACE)],
  ['ltrim', [TEXT, TEXT], TEXT, trimStart],
  ['rtrim', [TEXT, TEXT], TEXT, trimEnd],
  ['btrim', [TEXT, TEXT], TEXT, (text: string, characters: string) => trimStart(trimEnd(text, characters), characters)],
  ['replace', [TEXT, TEXT, TEXT], TEXT, replaceAll],
  ['strpos', [TEXT, TEXT], INT4, position],
  ['position', [TEXT, TEXT], INT4, position],
  ['repeat', [TEXT, INT4], TEXT, repeat],
  ['reverse', [TEXT], TEXT, reverse],
  ['lpad', [TEXT, INT4], TEXT, (text: string, length: number) => padStart(text, length, SPACE)],
  ['rpad', [TEXT, INT4], TEXT, (text: string, length: number) => padEnd(text, length, SPACE)],
  ['lpad', [TEXT, INT4, TEXT], TEXT, padStart],
  ['rpad', [TEXT, INT4, TEXT], TEXT, padEnd],
  ['starts_with', [TEXT, TEXT], BOOLEAN, (text: string, start: string) => text.startsWith(start)],
  ['split_part', [TEXT, TEXT, INT4], TEXT, splitPart],
  ['translate', [TEXT, TEXT, TEXT], TEXT, translate],
  ['ascii', [TEXT], INT4, codePoint],
  ['chr', [INT4], TEXT, characterOf],
  ['to_hex', [INT4], TEXT, hexadecimal],
]

/** Name and overload. */
export const TEXT_FUNCTIONS: readonly (readonly [string, Overload])[] = ENTRIES.map(
  ([name, parameters, result, call]) => [name, overload({ name, parameters, result, call })],
)
