/**
 * The SQL types, a readonly discriminated union. Numeric is two physical types (D12): with a static scale its values
 * are scaled integers ("fixed"), without one they are `Decimal`s.
 */
export type SqlType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int2' }
  | { readonly kind: 'int4' }
  | { readonly kind: 'int8' }
  | { readonly kind: 'float8' }
  /** `scale` null: the values are Decimals. `precision` null: any number of digits (an expression of fixed scale). */
  | { readonly kind: 'numeric'; readonly precision: number | null; readonly scale: number | null }
  | { readonly kind: 'text' }
  | { readonly kind: 'varchar'; readonly length: number | null }
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp' }
  /** The type of a string literal, NULL or a parameter before the context decides; the binder leaves none behind. */
  | { readonly kind: 'unknown' }

export type TypeKind = SqlType['kind']
