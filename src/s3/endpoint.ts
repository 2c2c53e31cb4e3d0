/** Variables of the process, by which the AWS SDK is set up. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Returns the server of another maker, as the AWS SDK reads it; `null`: AWS. */
export const endpointOf = (env: Env): string | null =>
  env['AWS_ENDPOINT_URL_S3']?.trim() || env['AWS_ENDPOINT_URL']?.trim() || null;

/** Returns the server for display, without credentials that an address may contain. */
export function endpointName(env: Env = process.env): string {
  const endpoint = endpointOf(env);
  if (endpoint === null) return 'AWS';
  return URL.canParse(endpoint) ? new URL(endpoint).origin : 'AWS_ENDPOINT_URL';
}
