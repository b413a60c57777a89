/** True under `npm run test:long`. */
export const long = process.env['ISOLDE_LONG'] === '1'

/** How many runs a property gets: few in `npm test`, which must stay quick, and many times more under `npm run test:long`. */
export function runs(quick: number): number {
  return long ? quick * 50 : quick
}
