import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe } from 'vitest'

/** Large data sets lie beside the checkout, in a folder that a plain clone does not have. */
const folder = resolve(import.meta.dirname, '../../../shared')

/** The path of a file or folder of the shared data, or null where it is absent. */
export function shared(path: string): string | null {
  const whole = resolve(folder, path)
  return existsSync(whole) ? whole : null
}

/** `describe` for tests that need shared data: without it they are skipped, and a notice says so. */
export function describeWithShared(title: string, path: string, body: (path: string) => void): void {
  const found = shared(path)
  if (found === null) console.warn(`skipped: "${title}" needs ../shared/${path}, which is not here`)
  describe.runIf(found !== null)(title, () => body(found ?? ''))
}
