/** Colours for a terminal. Nothing that is printed means less without them. */
import { styleText } from 'node:util'

export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const same = (text: string): string => text

export const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

const style =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    text === '' ? '' : styleText(format, text, { validateStream: false })

export const coloured: Paint = {
  bold: style('bold'),
  dim: style('dim'),
  red: style('red'),
  green: style('green'),
  yellow: style('yellow'),
  cyan: style('cyan'),
}

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal has none. */
export function paintFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const noColour = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== ''
  return stream.isTTY === true && !noColour && environment['TERM'] !== 'dumb' ? coloured : plain
}
