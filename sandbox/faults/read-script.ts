import { readFile } from 'node:fs/promises';
import { isCollection, isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { faultScript, type FaultScript, type Script } from './script.ts';

/** A script that cannot be used; every mistake in it is named. */
export class FaultScriptError extends Error {
  override readonly name = 'FaultScriptError';
  readonly mistakes: readonly string[];

  constructor(where: string, mistakes: readonly string[], cause?: unknown) {
    super([`${where}: not a fault script`, ...mistakes].join('\n  '), { cause });
    this.mistakes = mistakes;
  }
}

/** A script in a file (YAML or JSON) or as a value. @throws FaultScriptError */
export async function readScript(faults: FaultScript | string): Promise<Script> {
  if (typeof faults !== 'string') return checkScript(faults, 'faults', (path) => path.join('.'));
  let text: string;
  try {
    text = await readFile(faults, 'utf8');
  } catch (cause) {
    throw new FaultScriptError(faults, [cause instanceof Error ? cause.message : 'no file'], cause);
  }
  return parseScript(text, faults);
}

/** @throws FaultScriptError with `line:column` for every mistake */
export function parseScript(text: string, file: string): Script {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ message, pos }) => `${at(pos[0])} ${message}`);
    throw new FaultScriptError(file, mistakes);
  }
  return checkScript(
    document.toJS({ maxAliasCount: 100 }),
    file,
    (path) => `${at(offsetOf(document, path))} ${path.join('.')}`,
  );
}

function checkScript(
  value: unknown,
  where: string,
  place: (path: PropertyKey[]) => string,
): Script {
  const checked = faultScript.safeParse(value);
  if (checked.success) return checked.data;
  const mistakes = checked.error.issues.map(({ path, message }) =>
    `${place(path)}: ${message}`.trimStart(),
  );
  throw new FaultScriptError(where, mistakes);
}

/** Returns the offset of the value at the path, or of the nearest existing parent. */
function offsetOf(document: Document, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return isCollection(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
}
