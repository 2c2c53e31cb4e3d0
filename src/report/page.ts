import { markup, Html } from './markup.ts';
import { STYLE } from './style.ts';

/** Content security policy of a page: it may style itself, and nothing else. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Beginning of every page, by which a report of rowmill is known from a file of another program. */
export const PAGE_BEGINNING = '<!doctype html>\n<!-- rowmill report -->\n';

/** Content security policy of a page whose forms may be sent to its own server. */
export const FORM_POLICY = PAGE_POLICY.replace("form-action 'none'", "form-action 'self'");

interface Headers {
  policy: string;
  referrer: string;
}

const REPORT: Headers = { policy: PAGE_POLICY, referrer: 'no-referrer' };
/**
 * Headers of a form page. Without a referrer a browser sends no origin, by which forms of other
 * sites are known.
 */
export const FORM: Headers = { policy: FORM_POLICY, referrer: 'same-origin' };

/** Returns a whole page. */
export const page = (
  title: string,
  content: Html,
  { policy, referrer }: Headers = REPORT,
): string =>
  markup`${new Html(PAGE_BEGINNING)}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${new Html(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="${referrer}" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${content}
      </body>
    </html> `.text;
