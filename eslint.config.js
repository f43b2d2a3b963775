// Lint rules, and the house's import boundaries: bin -> client, server -> ftp-protocol, tls-core; never sideways or up.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const ours = ['tls-core', 'ftp-protocol', 'ftps-server', 'ftps-client', 'cli'];
const networkAndDisk = ['net', 'tls', 'fs', 'dgram', 'http', 'http2', 'https', 'child_process'];

/** A package may import only the packages of ours that `mayImport` names, and none of the `forbidden` modules. */
function boundary(folder, mayImport, forbidden = []) {
  const closed = ours.filter((name) => !mayImport.includes(name));
  return {
    files: [`${folder}/src/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: closed.flatMap((name) => [`@ftps-kit/${name}`, `@ftps-kit/${name}/**`]),
              message: 'Imports run downwards only; see ARCHITECTURE.md.',
            },
            { group: ['**/packages/**', '**/bin/**'], message: 'Import a package by its name.' },
            ...(forbidden.length === 0
              ? []
              : [
                  {
                    group: forbidden.flatMap((name) => [name, `node:${name}`, `node:${name}/*`]),
                    message: 'ftp-protocol does no I/O.',
                  },
                ]),
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['**/dist/', '**/build/', 'coverage/', '.peers/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Names are exported by name.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // chai's assertions are property reads: expect(x).to.be.true
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  boundary('packages/tls-core', []),
  boundary('packages/ftp-protocol', [], networkAndDisk),
  boundary('packages/ftps-server', ['tls-core', 'ftp-protocol']),
  boundary('packages/ftps-client', ['tls-core', 'ftp-protocol']),
  boundary('bin', ['tls-core', 'ftp-protocol', 'ftps-server', 'ftps-client']),
);
