import { isAlias, isPair, isScalar, visit, type Document, type YAMLError } from 'yaml';
import { nearest } from '../../did-you-mean.ts';
import { MAX_ISSUES, shorten, type SpecIssue } from './issue.ts';

/** Position in a text, from 1; objects have none. */
export interface Place {
  line: number | null;
  column: number | null;
}

type PlaceAt = (offset: number) => Place;

/** Enough for a few shared blocks, too few for an alias bomb. */
export const MAX_ALIASES = 100;

/** Clearer messages for some syntax errors of the parser. */
const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  MULTIPLE_DOCS: 'more than one document in the file (a second `---`)',
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows spaces only',
  NON_STRING_KEY: 'a key that is not text',
};

/** Levels of the tree, counting keys; a pipeline file has about fifteen. */
const MAX_DEPTH = 200;

/** Finds syntax errors: `fatal` ones leave no value, `mild` ones do. */
export function yamlIssues(
  document: Document,
  placeAt: PlaceAt,
): { fatal: SpecIssue[]; mild: SpecIssue[] } {
  const syntax = ({ code, message, pos }: YAMLError): SpecIssue => {
    const deep = message.startsWith('Maximum call stack');
    const found = deep ? 'nested too deeply' : (SYNTAX[code] ?? shorten(message, 160));
    return { ...placeAt(pos[0]), path: '', found, allowed: null, suggestion: null };
  };
  const broken = [...document.errors, ...document.warnings].slice(0, MAX_ISSUES).map(syntax);
  if (broken.length > 0) return { fatal: broken, mild: [] };
  const mild = [...repeatedKeys(document, placeAt), ...numberIssues(document, placeAt)];
  return { fatal: treeIssues(document, placeAt), mild };
}

/**
 * Finds repeated keys. The parser's own check compares all pairs, which takes minutes on a big map.
 */
function repeatedKeys(document: Document, placeAt: PlaceAt): SpecIssue[] {
  const issues: SpecIssue[] = [];
  visit(document, {
    Map(_, { items }) {
      if (issues.length >= MAX_ISSUES) return visit.BREAK;
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) {
          const found = 'this key stands twice in the same mapping';
          const place = placeAt(key.range?.[0] ?? 0);
          issues.push({ ...place, path: '', found, allowed: null, suggestion: null });
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return issues;
}

function treeIssues(document: Document, placeAt: PlaceAt): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, {
    Node(_, node, path) {
      const place = { ...placeAt(node.range?.[0] ?? 0), path: '' };
      if (path.length > MAX_DEPTH) {
        issues.push({ ...place, found: 'nested too deeply', allowed: null, suggestion: null });
        return visit.BREAK;
      }
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
        return undefined;
      }
      aliases += 1;
      if (aliases > MAX_ALIASES) {
        const allowed = `at most ${MAX_ALIASES}`;
        issues.push({ ...place, found: 'too many aliases', allowed, suggestion: null });
        return visit.BREAK;
      }
      if (!anchors.has(node.source) && issues.length < MAX_ISSUES) {
        const name = shorten(node.source, 40);
        const found = `*${name} without &${name} before it`;
        issues.push({ ...place, found, allowed: null, suggestion: nearest(node.source, anchors) });
      }
      return undefined;
    },
  });
  return issues;
}

/**
 * Reports numbers that change when read: 0700 (a ticker) would become 700, 0x1F 31, and JSON has no
 * .inf. In rows, where a number becomes text, 1.10 and 1e3 change as well.
 */
function numberIssues(document: Document, placeAt: (offset: number) => Place): SpecIssue[] {
  const issues: SpecIssue[] = [];
  visit(document, {
    Scalar(_, { value, source = '', range }, path) {
      if (issues.length >= MAX_ISSUES) return visit.BREAK;
      if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
      const read = String(value);
      if (read === source && isExact(value)) return undefined;
      const plain = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(source);
      if (plain && isExact(value) && keepsDigits(source) && !isInRows(path)) return undefined;
      const allowed = `a number as it prints, or text: "${shorten(source, 40)}"`;
      const found = `${shorten(source, 40)} would be read as ${read}`;
      const place = placeAt(range?.[0] ?? 0);
      issues.push({ ...place, path: '', found, allowed, suggestion: null });
      return undefined;
    },
  });
  return issues;
}

const isExact = (value: number | bigint): boolean =>
  Number.isFinite(Number(value)) && (!Number.isInteger(value) || Number.isSafeInteger(value));

/** Checks that no digit is lost, except zeros at the ends. */
const keepsDigits = (source: string): boolean => {
  const [digits = ''] = source.replace('.', '').split(/[eE]/);
  return digits.replace(/^-?0*/, '').replace(/0*$/, '').length <= 17;
};

/** Checks for a path below `rows.inline`, or a list in `rows.from`. */
const isInRows = (path: readonly unknown[]): boolean => {
  const keys = path.flatMap((step) => (isPair(step) && isScalar(step.key) ? [step.key.value] : []));
  return keys[0] === 'rows' && (keys[1] === 'inline' || keys[1] === 'from');
};
