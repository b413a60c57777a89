import tseslint from 'typescript-eslint'

const clockAndChance = 'Determinism: clock, timers, randomness and files reach the engine through Env only (src/env).'

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', 'coverage', '.dependency-cruiser.cjs'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['warn', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Indexed access of typed arrays in hot loops: the bound was checked by the loop, not by the type.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unified-signatures': 'off',
      // `async` without `await` is how a call that happens to be synchronous today keeps its promise, and its errors rejections.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['src/env/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: clockAndChance },
        { object: 'Math', property: 'random', message: clockAndChance },
        { object: 'performance', property: 'now', message: clockAndChance },
        { object: 'process', property: 'hrtime', message: clockAndChance },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clockAndChance },
        { selector: "CallExpression[callee.name='Date']", message: clockAndChance },
      ],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'process', 'crypto'].map((name) => ({
          name,
          message: clockAndChance,
        })),
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(node:)?(fs|timers|perf_hooks|crypto|sqlite|os|process|worker_threads|child_process)(/|$)',
              message: clockAndChance,
            },
          ],
        },
      ],
    },
  },
  // One constructor a situation, beside each other in one file: its length is the number of situations.
  { files: ['src/errors.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // vitest's asymmetric matchers (`expect.any(String)`) are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
)
