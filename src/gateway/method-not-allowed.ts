import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';

/**
 * Records the routes that are added from now on. The returned function answers every other method
 * of their paths with 405 and Allow.
 */
export function methodNotAllowed(app: App): (routes: App) => void {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set<string>();
    for (const one of [method].flat()) methods.add(one);
    known.set(url, methods);
  });
  return (routes) => {
    for (const [url, methods] of [...known]) {
      const allow = [...methods].sort().join(', ');
      const others = routes.supportedMethods.filter((method) => !methods.has(method));
      routes.route({
        // Safe cast: Fastify routes every method it supports.
        method: others,
        url,
        schema: { hide: true },
        // Runs after authentication and before the body is parsed.
        preParsing: async ({ method }, reply) => {
          reply.header('allow', allow);
          throw new RowmillError('http_method_not_allowed', `${method} is not for this path`, {
            remedy: `Use ${allow}.`,
          });
        },
        handler: () => undefined,
      });
    }
  };
}
