import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RowmillError } from '../../errors.ts';
import { FORM_POLICY } from '../../report/page.ts';
import { renderRuns, renderSignIn } from '../../report/runs-page.ts';
import { grantOf, isToken, ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import { cookieOf } from '../session-cookie.ts';
import type { Token } from '../tokens.ts';
import { linksOf } from './runs.ts';

const MAX_FORM_BYTES = 4 * 1024;

/** Adds the pages for browsers: the list of runs, and the form that takes a token. */
export const addPages =
  (tokens: readonly Token[]) =>
  (app: App, { temporal }: Gateway): void => {
    const hidden = { hide: true };

    app.get(
      '/',
      {
        // Without a token the form comes instead of an error.
        config: { page: true, open: tokens.length > 0 },
        schema: { ...hidden, querystring: z.strictObject({ cursor: z.string().optional() }) },
      },
      async (request, reply) => {
        if (request.grant === null) return html(reply.code(401), renderSignIn(null));
        if (!grantOf(request).scopes.has('read')) {
          throw new RowmillError('http_not_allowed', 'the token has not the scope read');
        }
        const { cursor } = request.query;
        const owner = ownerSeen(request);
        const page = await temporal.withClient((rowmill) => rowmill.list({ cursor, owner }));
        const runs = page.runs.map(
          ({ workflowId, pipeline, stage, status, outcome, startedAt }) => ({
            id: workflowId,
            pipeline,
            state: outcome ?? stage ?? status.toLowerCase(),
            startedAt,
            report: outcome === null ? null : `${linksOf(workflowId).self}/report`,
          }),
        );
        const next = page.next === null ? null : `/?cursor=${encodeURIComponent(page.next)}`;
        const signedIn = tokens.length > 0;
        return html(reply, renderRuns({ runs, next, signedIn }));
      },
    );

    void app.register(async (forms: App) => {
      await Promise.resolve();
      forms.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
        (_request, body, done) => done(null, new URLSearchParams(String(body))),
      );
      const config = { open: true };

      forms.post('/session', { config, schema: hidden }, async (request, reply) => {
        refuseOtherSites(request);
        const token = (request.body instanceof URLSearchParams && request.body.get('token')) || '';
        if (!isToken(token, tokens)) {
          return html(reply.code(401), renderSignIn('This is no token of the gateway.'));
        }
        return home(reply.header('set-cookie', cookieOf(token, isHttps(request))));
      });

      forms.post('/session/end', { config, schema: hidden }, async (request, reply) => {
        refuseOtherSites(request);
        return home(reply.header('set-cookie', cookieOf('', isHttps(request))));
      });
    });
  };

const html = (reply: FastifyReply, page: string) =>
  reply.header('content-security-policy', FORM_POLICY).type('text/html').send(page);

const home = (reply: FastifyReply) => reply.code(303).header('location', '/').send();

const originOf = ({ headers }: FastifyRequest): URL | null =>
  URL.canParse(headers.origin ?? '') ? new URL(headers.origin ?? '') : null;

/** A proxy in front of the gateway may end TLS: the browser knows. */
const isHttps = (request: FastifyRequest): boolean => originOf(request)?.protocol === 'https:';

/** Rejects forms of other sites, which could sign a person in with a token of theirs. */
function refuseOtherSites(request: FastifyRequest): void {
  if (originOf(request)?.host === request.headers.host) return;
  throw new RowmillError('http_forbidden', 'a page of another site asks');
}
