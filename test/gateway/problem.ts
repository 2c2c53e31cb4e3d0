import { expect } from '@jest/globals';
import { ERRORS, isErrorCode } from '../../src/errors.ts';
import { TOKEN, type Answer } from './caller.ts';

/** A problem has its code, what to do, and the request's id, and never a secret. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, json: { status, code } });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(isErrorCode(code) ? answer.json['title'] : '').toBe(
    isErrorCode(code) ? ERRORS[code].meaning : 'no code',
  );
  expect(answer.json).toMatchObject({
    type: `urn:rowmill:error:${code}`,
    remedy: expect.stringMatching(/\S/),
    requestId: answer.headers.get('x-request-id'),
  });
  expect(answer.text).not.toContain(TOKEN);
}
