import type { Json } from '../contract/json.ts';
import { describeTop, TOP_ALLOWED, type SpecDocument } from './document.ts';
import { MAX_ISSUES, pathText, SpecError, type Path, type SpecIssue } from './issue.ts';
import { excessOf, MAX_BYTES } from './size.ts';

const NOWHERE = { line: null, column: null } as const;

/**
 * A pipeline that came as an object: the same for the checks as one that was read, without places.
 * `text` is the value as JSON.
 * @throws SpecError `spec_invalid` when it is too much to be looked at
 */
export function valueDocument(value: Json, text: string, file: string): SpecDocument {
  const whole = (found: string, allowed: string): SpecError =>
    new SpecError(file, [{ ...NOWHERE, path: '', found, allowed, suggestion: null }]);
  if (text.length > MAX_BYTES) {
    const mib = (text.length / MAX_BYTES).toFixed(1);
    throw whole(`${mib} MiB without the rows`, 'at most 1 MiB');
  }
  const excess = excessOf(value);
  if (excess !== null) throw whole(excess, 'a plain pipeline');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw whole(describeTop(value), TOP_ALLOWED);
  }
  return { value, issues: inexact(value), locationOf: () => NOWHERE, locationOfKey: () => NOWHERE };
}

/** Whole numbers beyond 2^53 have lost digits on their way. */
function inexact(value: Json): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const visit = (one: Json, path: Path): void => {
    if (typeof one === 'number' && Number.isInteger(one) && !Number.isSafeInteger(one)) {
      const place = { ...NOWHERE, path: pathText(path) };
      const allowed = 'a number that is exact, or text';
      if (issues.length < MAX_ISSUES) {
        issues.push({ ...place, found: String(one), allowed, suggestion: null });
      }
    } else if (typeof one === 'object' && one !== null) {
      const entries = Array.isArray(one) ? one.entries() : Object.entries(one);
      for (const [key, item] of entries) visit(item, [...path, key]);
    }
  };
  visit(value, []);
  return issues;
}
