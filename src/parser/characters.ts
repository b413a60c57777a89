/** Classes of characters as PostgreSQL's lexer has them. Everything beyond ASCII is part of an identifier. */
const identifierStart = 1
const identifierPart = 2
const digit = 4
const space = 8
const operator = 16

const classes = new Uint8Array(128)
const mark = (characters: string, bits: number): void => {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i)
    classes[code] = (classes[code] ?? 0) | bits
  }
}
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', identifierStart | identifierPart)
mark('0123456789', identifierPart | digit)
mark('$', identifierPart)
mark(' \t\n\r\f\v', space)
mark('~!@#^&|`?+-*/%<>=', operator)

const has = (code: number, bits: number): boolean => code < 128 && ((classes[code] ?? 0) & bits) !== 0

// Out of the text, charCodeAt gives NaN: it is in no class, because no comparison with NaN holds.
export const isIdentifierStart = (code: number): boolean => code >= 128 || has(code, identifierStart)
export const isIdentifierPart = (code: number): boolean => code >= 128 || has(code, identifierPart)
export const isDigit = (code: number): boolean => code >= 48 && code <= 57
export const isSpace = (code: number): boolean => has(code, space)
export const isOperator = (code: number): boolean => has(code, operator)
