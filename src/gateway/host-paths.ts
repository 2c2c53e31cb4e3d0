import { tmpdir } from 'node:os';
import { basename, isAbsolute, resolve } from 'node:path';

/** Keeps the paths of this host out of answers: a caller knows the store and the open folder by name. */
export interface HostPaths {
  /** A text that may hold paths. */
  hide(text: string): string;
  /** A value of JSON with all of its texts. */
  hideIn<T>(value: T): T;
}

/** Fields that hold the path of a file, also one of another host: only its name is told then. */
const FILE_FIELDS: ReadonlySet<string> = new Set(['path', 'manifest', 'folder', 'file']);

export function createHostPaths(store: string, files: string | null): HostPaths {
  const named: [string, string][] = [
    ...(files === null ? [] : [[resolve(files), 'files'] as [string, string]]),
    [resolve(store), 'store'],
    [resolve(tmpdir()), 'tmp'],
    [process.cwd(), '.'],
  ];
  const roots = named.filter(([root]) => root !== '/').sort(([a], [b]) => b.length - a.length);
  const hide = (text: string): string =>
    text.includes('/')
      ? roots.reduce((shown, [root, name]) => shown.replaceAll(root, name), text)
      : text;

  const hideIn = (value: unknown, field: string | null): unknown => {
    if (typeof value === 'string') {
      const shown = hide(value);
      const isFile = field !== null && FILE_FIELDS.has(field) && isAbsolute(shown);
      return isFile ? basename(shown) : shown;
    }
    if (Array.isArray(value))
      return value.map((item) => hideIn(item, field === 'results' ? 'path' : null));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideIn(item, key)]));
  };
  // The same value, but for its texts.
  return { hide, hideIn: <T>(value: T): T => hideIn(value, null) as T };
}
