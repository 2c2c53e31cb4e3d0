/** Markup that is safe to send: everything put into it was escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Value for a template: texts are escaped, markup and lists of it are not. */
export type Part = Html | string | number | readonly Part[] | null;

/** Control characters, lone halves of a pair, and marks that turn the direction of text. */
const UNSAFE = /[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]+/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for an element or a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(UNSAFE, ' ').replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);

const textOf = (part: Part): string => {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escapeHtml(String(part));
};

/**
 * Template of HTML: what is inserted is escaped, unless it is markup itself. It is not named `html`,
 * because the formatter would add white space to such a template.
 */
export const markup = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, at) => text + textOf(parts[at] ?? null)).join(''));

/** Link to a web address, which loads nothing by itself; any other text stays text. */
export function link(address: string, text = address): Html {
  if (!/^https?:\/\/[^\s/]/i.test(address)) return markup`${text}`;
  return markup`<a href="${address}" rel="noopener noreferrer nofollow">${text}</a>`;
}

/** Table with a head, which scrolls in itself where it is too wide; columns of numbers are given by their index. */
export const table = (
  head: readonly Part[],
  rows: readonly (readonly Part[])[],
  numbers: readonly number[] = [],
): Html => {
  const kind = (at: number): Html => new Html(numbers.includes(at) ? ' class="n"' : '');
  return markup`<div class="wide"><table>
    <thead>
      <tr>
        ${head.map((cell, at) => markup`<th scope="col" ${kind(at)}>${cell}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          markup`<tr>
            ${row.map((cell, at) => markup`<td${kind(at)}>${cell}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table></div> `;
};
