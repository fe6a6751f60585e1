// What the linter checks, beside what the compiler does.

import js from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

import { boundaries } from './eslint/boundaries.js'

const node = {
  process: 'readonly',
  performance: 'readonly',
  fetch: 'readonly',
  document: 'readonly',
  localStorage: 'readonly',
  console: 'readonly',
  URL: 'readonly',
  Buffer: 'readonly',
}
const timers = { setTimeout: 'readonly', clearTimeout: 'readonly', setInterval: 'readonly' }

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/shared/api/schema.d.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, reactHooks.configs.flat['recommended-latest']],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { busbar: { rules: { boundaries } } },
    rules: {
      'busbar/boundaries': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'What a model wrote is untrusted: build elements, not HTML.',
        },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['dev/**', 'eslint/**', '*.js', '*.ts'],
    languageOptions: { globals: { ...node, ...timers } },
  },
  {
    files: ['public/**'],
    languageOptions: { globals: { document: 'readonly', localStorage: 'readonly' } },
  },
)
