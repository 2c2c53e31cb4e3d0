export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' },
    ],
  },
  globalSetup: '<rootDir>/test/support/temporal-setup.ts',
  globalTeardown: '<rootDir>/test/support/temporal-teardown.ts',
  // One for all, and long: what takes seconds here takes minutes on a small and busy machine.
  testTimeout: 600_000,
  // Whole runs wait most of the time, for cells and for the server.
  maxWorkers: 3,
};
