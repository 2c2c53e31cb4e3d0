import { afterAll, beforeAll } from '@jest/globals';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { openGateway, type Caller } from './caller.ts';

/** The test environment and the gateway of a test file. */
export interface Opened {
  readonly testEnv: TestEnv;
  readonly caller: Caller;
}

/**
 * Opens a test environment without failing cells and a gateway before the tests of a file, and
 * closes both after them.
 * @param variables Creates variables of the gateway, and what they name
 */
export function openForTests(
  variables: (
    testEnv: TestEnv,
  ) => Record<string, string> | Promise<Record<string, string>> = () => ({}),
): Opened {
  let testEnv: TestEnv | undefined;
  let caller: Caller | undefined;
  beforeAll(async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
    caller = await openGateway(testEnv, await variables(testEnv));
  });
  afterAll(async () => {
    await caller?.gateway.stop('the test is over');
    await testEnv?.close();
  });
  return {
    get testEnv() {
      return opened(testEnv);
    },
    get caller() {
      return opened(caller);
    },
  };
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('used before the tests of the file began');
  return part;
}
