/** Names for constraints and indexes that the user did not name (PostgreSQL's makeObjectName and ChooseRelationName). */

/** PostgreSQL's limit of a name, in bytes of UTF-8. */
const MAX_NAME_BYTES = 63
const encoder = new TextEncoder()

/** `table_part_label`, with a number behind it while `taken` says so; the two longer parts are cut to fit. */
export function chooseName(
  table: string,
  part: string | null,
  label: string,
  taken: (name: string) => boolean,
): string {
  for (let pass = 0; ; pass++) {
    const name = makeName(table, part, pass === 0 ? label : `${label}${pass}`)
    if (!taken(name)) return name
  }
}

function makeName(table: string, part: string | null, label: string): string {
  let [a, b] = [table, part ?? '']
  const overhead = label.length + (part === null ? 1 : 2)
  while (byteLength(a) + byteLength(b) + overhead > MAX_NAME_BYTES) {
    if (byteLength(a) > byteLength(b)) a = withoutLast(a)
    else b = withoutLast(b)
  }
  return part === null ? `${a}_${label}` : `${a}_${b}_${label}`
}

function byteLength(text: string): number {
  return encoder.encode(text).length
}

/** Without its last character, a surrogate pair being one. */
function withoutLast(text: string): string {
  return Array.from(text).slice(0, -1).join('')
}
