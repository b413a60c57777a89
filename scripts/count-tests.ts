/** Prints the counts of a vitest JSON report as one line: "N passed, N failed". A report that is missing or empty is a failure. */
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const [path = ''] = process.argv.slice(2)
const report = JSON.parse(readFileSync(path, 'utf8')) as Report
// A file that fails to load has no tests to count; it is one failure all the same.
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length
const failed = report.numFailedTests + broken
const skipped = report.numPendingTests > 0 ? `, ${String(report.numPendingTests)} skipped` : ''
console.log(`${String(report.numPassedTests)} passed, ${String(failed)} failed${skipped}`)
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0
