import swagger from '@fastify/swagger';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './gateway.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { problem } from './schemas/responses.ts';
import { noQuery } from './schemas/requests.ts';

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is not understood.',
  401: 'No token, or one that is not known.',
  404: 'There is no such run or schedule.',
  406: 'None of the formats accepted is there.',
  409: 'It does not fit: the stage of the run, or an earlier use of the key or name.',
  413: 'The body is too large.',
  415: 'The body is of another type.',
  416: 'There are no such bytes.',
  422: 'The pipeline or its rows have mistakes; all of them are named.',
  429: 'Too many requests.',
  431: 'The headers, or the address, are too large.',
  503: 'Temporal or the store does not answer.',
};

/** Documents the problem responses of a route. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries(
    [...statuses, 403, 431, 500].map((status) => [
      status,
      {
        description: MEANING[status] ?? 'Something went wrong.',
        content: { [PROBLEM_TYPE]: { schema: problem } },
      },
    ]),
  );

/** Allows additional fields in responses; only request schemas are strict. */
function letGrow({ zodSchema, jsonSchema }: Parameters<Override>[0]): void {
  const { def } = zodSchema._zod;
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

const components = createJsonSchemaTransformObject({ zodToJsonConfig: { override: letGrow } });

/** Removes unused schemas: each is generated for input and output. */
function withoutUnused(document: ReturnType<typeof components>): ReturnType<typeof components> {
  const schemas = ('components' in document && document.components.schemas) || {};
  const text = JSON.stringify(document);
  for (const name of Object.keys(schemas)) {
    if (!text.includes(`"#/components/schemas/${name}"`)) Reflect.deleteProperty(schemas, name);
  }
  return document;
}

/** Serves the OpenAPI document that the routes describe. */
export async function describeApi(app: App): Promise<void> {
  let made: Record<string, unknown> | null = null;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'rowmill gateway',
        description:
          'Starts, follows and ends runs, hands out their results, and keeps schedules. Errors are problems (RFC 9457) with a code and a remedy.',
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'runs', description: 'Start, list, read' },
        { name: 'actions', description: 'Operator actions on a run' },
        { name: 'results', description: 'What came of it' },
        { name: 'schedules', description: 'Pipelines that run by themselves' },
        { name: 'codec', description: 'Decoding for the Temporal UI' },
        { name: 'health', description: 'For the operator of the gateway' },
      ],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      },
      security: [{ bearer: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { override: letGrow } }),
    transformObject: (document) => withoutUnused(components(document)),
  });
  app.get(
    '/openapi.json',
    {
      config: { open: true },
      schema: {
        operationId: 'openapi',
        summary: 'This document',
        tags: ['health'],
        security: [],
        querystring: noQuery,
        response: { 200: z.looseObject({}).describe('OpenAPI 3.1.') },
      },
    },
    () => {
      // Generated once: it takes as long as a hundred other answers.
      made ??= { ...app.swagger() };
      return made;
    },
  );
}
