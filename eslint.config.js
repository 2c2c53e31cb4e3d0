import { readdirSync } from 'node:fs';
import temporal from 'eslint-plugin-temporal';
import tseslint from 'typescript-eslint';

/** Rules are chosen one by one: the plugin's presets take tests for workflows. */
const on = (...names) => Object.fromEntries(names.map((name) => [`temporal/${name}`, 'error']));
const workflow = (...names) => on(...names.map((name) => `workflow-${name}`));
const activity = (...names) => on(...names.map((name) => `activity-${name}`));

/** Each provider has a folder; what differs between them stands in there, behind the port. */
const providers = readdirSync(new URL('src/providers/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const named = `Literal[value=/^(${providers.join('|')})$/]`;
/** A spread is for what may be left out, or comes from elsewhere. */
const plainSpread = {
  selector: 'ObjectExpression > SpreadElement > ObjectExpression',
  message: 'Write the properties themselves.',
};
const message = 'No provider by name outside src/providers: ask its spec, or the port.';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.rowmill', 'out', 'coverage', 'examples'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { temporal },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...on('task-queue-constant', 'no-temporal-internal-imports'),
      'no-restricted-syntax': ['error', plainSpread],
      // Numbers and booleans print as a reader expects.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `const f = () => void g()` is how an ignored promise is marked.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['{src,workflows,activities}/**/*.ts'],
    ignores: ['src/providers/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        plainSpread,
        { selector: `BinaryExpression > ${named}`, message },
        { selector: `SwitchCase > ${named}`, message },
        { selector: `MemberExpression > ${named}`, message },
        { selector: `CallExpression > ${named}`, message },
        { selector: `Literal[value=/^(${providers.join('|')})_/i]`, message },
        { selector: `TemplateElement[value.raw=/\\b(${providers.join('|')})_/i]`, message },
      ],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      ...workflow(
        'require-activity-timeouts',
        'require-activity-retry-policy',
        'require-type-only-activity-imports',
        'no-node-or-dom-imports',
        'no-network-in-workflow',
        'no-process-env',
        'no-console',
        'no-throw-raw-error',
        'no-async-query-handler',
        'message-name-literal',
        'patch-id-literal',
        'require-all-handlers-finished',
        'require-set-handler-early',
        'no-continue-as-new-without-state-argument',
        'prefer-sleep',
        'no-frequent-search-attribute-upserts',
      ),
    },
  },
  {
    files: ['activities/**/*.ts'],
    rules: {
      // Not heartbeat-in-long-loops: activity() heartbeats on a timer for every step.
      ...activity(
        'use-cancellation-signal',
        'prefer-applicationfailure',
        'prefer-activity-log',
        'context-not-stored',
      ),
    },
  },
);
