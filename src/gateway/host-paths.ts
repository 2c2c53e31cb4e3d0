import { tmpdir } from 'node:os';
import { basename, isAbsolute, resolve } from 'node:path';
import { resolvePlace } from '../paths/place.ts';

/**
 * Hides the paths of this host from answers. Callers see names for the store and the open folder.
 */
export interface HostPaths {
  /** Replaces paths in a text. */
  hide(text: string): string;
  /** Replaces paths in all texts of a JSON value. */
  hideIn<T>(value: T): T;
}

/** Shortens a warning that begins with the path of a file, maybe of another host. */
function withFileName(warning: unknown): unknown {
  const [, path = '', rest = ''] = /^(.+?)(: .*)$/s.exec(String(warning)) ?? [];
  return isAbsolute(path) ? `${basename(path)}${rest}` : warning;
}

/** Fields with the path of a file, maybe of another host: answers contain only its name. */
const FILE_FIELDS: ReadonlySet<string> = new Set(['path', 'manifest', 'report', 'folder', 'file']);

export function createHostPaths(store: string, files: string | null): HostPaths {
  const named: [string, string][] = [
    ...(files === null ? [] : [[resolve(files), 'files'] as [string, string]]),
    [resolvePlace('.', store), 'store'],
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
    if (Array.isArray(value)) {
      if (field === 'sourceWarnings') return value.map((item) => withFileName(hideIn(item, null)));
      return value.map((item) => hideIn(item, field === 'results' ? 'path' : null));
    }
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideIn(item, key)]));
  };
  // Safe cast: only texts inside the value change.
  return { hide, hideIn: <T>(value: T): T => hideIn(value, null) as T };
}
