/**
 * What each SQL type is called and how it is identified: OIDs, names, synonyms, type modifiers. The OIDs are
 * PostgreSQL's, so that a client that switches on `dataTypeID` works unchanged.
 */
import { featureNotSupported, invalidTypeModifier, undefinedType } from '../errors.ts'
import type { SqlType, TypeKind } from './sqlType.ts'

export const BOOLEAN: SqlType = { kind: 'boolean' }
export const INT2: SqlType = { kind: 'int2' }
export const INT4: SqlType = { kind: 'int4' }
export const INT8: SqlType = { kind: 'int8' }
export const FLOAT8: SqlType = { kind: 'float8' }
/** Numeric whose values are Decimals. */
export const DECIMAL: SqlType = { kind: 'numeric', precision: null, scale: null }
export const TEXT: SqlType = { kind: 'text' }
export const VARCHAR: SqlType = { kind: 'varchar', length: null }
export const DATE: SqlType = { kind: 'date' }
export const TIMESTAMP: SqlType = { kind: 'timestamp' }
export const UNKNOWN: SqlType = { kind: 'unknown' }

/** The static scale beyond which an expression's values become Decimals: scaled integers no longer pay there. */
export const MAX_STATIC_SCALE = 30

/** Numeric with a static scale and any number of digits: the type of literals and expressions. */
export function fixedNumeric(scale: number): SqlType {
  return scale > MAX_STATIC_SCALE ? DECIMAL : (FIXED_BY_SCALE[scale] ?? { kind: 'numeric', precision: null, scale })
}

const FIXED_BY_SCALE: readonly SqlType[] = Array.from({ length: MAX_STATIC_SCALE + 1 }, (_, scale) => ({
  kind: 'numeric',
  precision: null,
  scale,
}))

const OIDS: Readonly<Record<TypeKind, number>> = {
  boolean: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  float8: 701,
  unknown: 705,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  numeric: 1700,
}

const NAMES: Readonly<Record<TypeKind, string>> = {
  boolean: 'boolean',
  int8: 'bigint',
  int2: 'smallint',
  int4: 'integer',
  text: 'text',
  float8: 'double precision',
  unknown: 'unknown',
  varchar: 'character varying',
  date: 'date',
  timestamp: 'timestamp without time zone',
  numeric: 'numeric',
}

/** The OID of PostgreSQL's pg_type. */
export function typeOid(type: SqlType): number {
  return OIDS[type.kind]
}

/** The type of an OID, without modifiers; undefined if there is none. */
export function typeByOid(oid: number): SqlType | undefined {
  return BY_OID.get(oid)
}

const BY_OID: ReadonlyMap<number, SqlType> = new Map(
  [BOOLEAN, INT2, INT4, INT8, FLOAT8, DECIMAL, TEXT, VARCHAR, DATE, TIMESTAMP, UNKNOWN].map((type) => [
    typeOid(type),
    type,
  ]),
)

/** The name without modifiers, as error messages spell it: `integer`, `character varying`. */
export function typeName(type: SqlType): string {
  return NAMES[type.kind]
}

/** The name with modifiers, as `\d` and pg_catalog.format_type spell it: `numeric(15,2)`, `character varying(25)`. */
export function formatType(type: SqlType): string {
  if (type.kind === 'numeric' && type.precision !== null) return `numeric(${type.precision},${type.scale ?? 0})`
  if (type.kind === 'varchar' && type.length !== null) return `character varying(${type.length})`
  return NAMES[type.kind]
}

/** True if both are the same type with the same modifiers. */
export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'numeric' && b.kind === 'numeric') return a.precision === b.precision && a.scale === b.scale
  if (a.kind === 'varchar' && b.kind === 'varchar') return a.length === b.length
  return a.kind === b.kind
}

/** True if values of both have one physical form, so that no conversion is needed to compare or store them. */
export function sameRepresentation(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'numeric' && b.kind === 'numeric') return a.scale === b.scale
  if (isInteger(a)) return isInteger(b)
  return a.kind === b.kind || (isText(a) && isText(b))
}

export function isInteger(type: SqlType): boolean {
  return type.kind === 'int2' || type.kind === 'int4' || type.kind === 'int8'
}

export function isNumber(type: SqlType): boolean {
  return isInteger(type) || type.kind === 'numeric' || type.kind === 'float8'
}

export function isText(type: SqlType): boolean {
  return type.kind === 'text' || type.kind === 'varchar'
}

/** True for numeric whose values are scaled integers. */
export function isFixed(type: SqlType): type is FixedType {
  return type.kind === 'numeric' && type.scale !== null
}

export type FixedType = Extract<SqlType, { kind: 'numeric' }> & { readonly scale: number }

const BY_NAME: ReadonlyMap<string, TypeKind> = new Map<string, TypeKind>([
  ['bool', 'boolean'],
  ['boolean', 'boolean'],
  ['int2', 'int2'],
  ['smallint', 'int2'],
  ['int', 'int4'],
  ['int4', 'int4'],
  ['integer', 'int4'],
  ['int8', 'int8'],
  ['bigint', 'int8'],
  ['float8', 'float8'],
  ['double precision', 'float8'],
  ['numeric', 'numeric'],
  ['decimal', 'numeric'],
  ['dec', 'numeric'],
  ['text', 'text'],
  ['varchar', 'varchar'],
  ['character varying', 'varchar'],
  ['date', 'date'],
  ['timestamp', 'timestamp'],
  ['timestamp without time zone', 'timestamp'],
])

/** Types of PostgreSQL that are known and not built: a clear 0A000 instead of "does not exist". */
const NOT_BUILT: ReadonlySet<string> = new Set([
  ...['float4', 'real', 'bpchar', 'char', 'character', 'name', 'bytea', 'json', 'jsonb', 'uuid', 'interval', 'money'],
  ...['time', 'timetz', 'timestamptz', 'timestamp with time zone', 'time with time zone', 'time without time zone'],
  ...['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8', 'oid', 'regclass', 'regtype', 'xml'],
  ...['bit', 'varbit', 'inet', 'cidr', 'macaddr', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'],
  ...['tsvector', 'tsquery', 'int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange'],
])

const MAX_PRECISION = 1000
const MAX_VARCHAR_LENGTH = 10_485_760
/** Microseconds: a timestamp's only resolution here. */
const MAX_TIMESTAMP_PRECISION = 6

/**
 * The type that a name in lower case denotes; `float(p)` is float8 for 25 ≤ p ≤ 53. Throws 42704 (unknown), 0A000 (known, not
 * built), 22023 (modifier out of range) and 42601 (a type that takes no modifier).
 */
export function resolveTypeName(name: string, modifiers: readonly number[] = []): SqlType {
  if (name === 'float') return resolveFloat(modifiers)
  const kind = BY_NAME.get(name)
  if (kind === undefined) throw NOT_BUILT.has(name) ? featureNotSupported(`type ${name}`) : undefinedType(name)
  if (kind === 'numeric') return resolveNumeric(modifiers)
  if (kind === 'varchar') return resolveVarchar(modifiers)
  if (kind === 'timestamp') return resolveTimestamp(modifiers)
  if (modifiers.length > 0) throw invalidTypeModifier(`type modifier is not allowed for type "${name}"`)
  return kind === 'unknown' ? UNKNOWN : { kind }
}

function resolveFloat(modifiers: readonly number[]): SqlType {
  const precision = modifiers[0] ?? 53
  if (precision < 1) throw invalidTypeModifier('precision for type float must be at least 1 bit')
  if (precision > 53) throw invalidTypeModifier('precision for type float must be less than 54 bits')
  if (precision < 25) throw featureNotSupported('type real')
  return FLOAT8
}

function resolveNumeric(modifiers: readonly number[]): SqlType {
  const precision = modifiers[0]
  if (precision === undefined) return DECIMAL
  if (modifiers.length > 2) throw invalidTypeModifier('invalid NUMERIC type modifier')
  const scale = modifiers[1] ?? 0
  if (!(precision >= 1 && precision <= MAX_PRECISION)) {
    throw invalidTypeModifier(`NUMERIC precision ${precision} must be between 1 and ${MAX_PRECISION}`)
  }
  if (!(scale >= -MAX_PRECISION && scale <= MAX_PRECISION)) {
    throw invalidTypeModifier(`NUMERIC scale ${scale} must be between -${MAX_PRECISION} and ${MAX_PRECISION}`)
  }
  if (scale < 0) throw featureNotSupported('a negative scale of type numeric')
  return { kind: 'numeric', precision, scale }
}

function resolveVarchar(modifiers: readonly number[]): SqlType {
  const length = modifiers[0]
  if (length === undefined) return VARCHAR
  if (modifiers.length > 1) throw invalidTypeModifier('invalid type modifier')
  if (length < 1) throw invalidTypeModifier('length for type varchar must be at least 1')
  if (length > MAX_VARCHAR_LENGTH) {
    throw invalidTypeModifier(`length for type varchar cannot exceed ${MAX_VARCHAR_LENGTH}`)
  }
  return { kind: 'varchar', length }
}

function resolveTimestamp(modifiers: readonly number[]): SqlType {
  if (modifiers.length > 1) throw invalidTypeModifier('invalid type modifier')
  const precision = modifiers[0] ?? MAX_TIMESTAMP_PRECISION
  if (precision !== MAX_TIMESTAMP_PRECISION) throw featureNotSupported(`timestamp(${precision})`)
  return TIMESTAMP
}
