/**
 * The layers of docs/architecture.md as rules: an import points downwards, never upwards, never in a circle; a type-only
 * import counts like any other. `test/house/layers.test.ts` plants every forbidden import and expects it to be found.
 */
const path = require('node:path')

/** From the top to the bottom. A layer may import the ones below it, and nothing of the ones above it. */
const layers = [
  { name: 'repl', at: '^repl/' },
  { name: 'demos', at: '^demos/' },
  { name: 'bench', at: '^bench/' },
  { name: 'index', at: '^src/index\\.ts$' },
  { name: 'session', at: '^src/session/' },
  { name: 'planner', at: '^src/planner/' },
  { name: 'parser', at: '^src/parser/' },
  { name: 'executor', at: '^src/executor/' },
  { name: 'txn', at: '^src/txn/' },
  { name: 'storage', at: '^src/storage/' },
  { name: 'catalog', at: '^src/catalog/' },
  { name: 'types', at: '^src/types/' },
  { name: 'checker', at: '^src/checker/' },
  { name: 'ground', at: '^src/(env/|errors\\.ts$|assert\\.ts$|trace\\.ts$)' },
]

const upwards = layers.slice(1).map((layer, index) => ({
  name: `no-upwards-from-${layer.name}`,
  comment: 'Imports point downwards only.',
  severity: 'error',
  from: { path: layer.at },
  to: { path: layers.slice(0, index + 1).map((above) => above.at) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upwards,
    {
      name: 'no-circle',
      comment: 'Two files that import one another are one idea in two places.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'parser-knows-text-only',
      comment:
        'Text goes in, an AST comes out: the parser knows types and errors, no executor, transaction, storage or catalog.',
      severity: 'error',
      from: { path: '^src/parser/' },
      to: { path: '^src/(executor|txn|storage|catalog)/' },
    },
    {
      name: 'engine-below-knows-no-sql',
      comment:
        'The executor runs physical plans (executor/plan.ts): it sees no AST; storage and transactions see no SQL at all.',
      severity: 'error',
      from: { path: '^src/(executor|txn|storage|catalog|types)/' },
      to: { path: '^src/(parser|planner)/' },
    },
    {
      name: 'checker-knows-no-engine',
      comment: 'It judges histories of any database.',
      severity: 'error',
      from: { path: '^src/checker/' },
      to: { path: '^src/', pathNot: '^src/(checker/|errors\\.ts$|assert\\.ts$)' },
    },
    {
      name: 'public-door-only',
      comment: 'The REPL and the demos use the database as everybody does.',
      severity: 'error',
      from: { path: '^(repl|demos)/' },
      to: { path: '^src/', pathNot: '^src/index\\.ts$' },
    },
    {
      name: 'no-runtime-dependency',
      comment: 'What is shipped is bundled, and src bundles chevrotain only, into the parser.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/parser/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: "The benchmarks' peers have a package.json of their own, and are installed by the first run.",
      severity: 'error',
      from: { pathNot: '^bench/(contenders/(pglite|better-sqlite3)|fork\\.bench)\\.ts$' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: path.join(__dirname, 'tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.js'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
}
