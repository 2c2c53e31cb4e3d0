import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Connection } from '@temporalio/client';
import { generate } from 'selfsigned';
import {
  missingSearchAttributes,
  SEARCH_ATTRIBUTE_TYPES,
} from '../../../src/temporal/search-attributes.ts';
import { eventually } from '../../support/eventually.ts';
import { ROOT_KEY } from '../../support/s3-server.ts';
import { addHost, operator, type Host } from './network.ts';

/** Environment variable with the commands of the servers, found where there is a network. */
export interface ServerCommands {
  /** Path of the `temporal` command. */
  temporal: string;
  s3: string[];
}

/** Address that the S3 server is given before its machine exists. */
export const S3_ANYWHERE = '0.0.0.0:9000';

function startOn(host: Host, command: readonly string[]): ChildProcess {
  const [program = '', ...args] = [...host.via, ...command];
  return spawn(program, args, { stdio: 'ignore' });
}

export interface TemporalHost {
  host: Host;
  /** Host and port of the server. */
  address: string;
}

export async function startTemporal({ temporal }: ServerCommands): Promise<TemporalHost> {
  const host = await addHost();
  const attributes = Object.entries(SEARCH_ATTRIBUTE_TYPES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]);
  startOn(host, [
    ...[temporal, 'server', 'start-dev', '--headless', '--log-level', 'never'],
    // Its services reach each other over loopback.
    ...['--ip', '0.0.0.0', '--port', '7233', ...attributes],
  ]);
  const address = `${host.address.temporal}:7233`;
  await eventually('the Temporal server', async () => {
    const connection = Connection.lazy({ address });
    const { workflowService } = connection;
    try {
      // Before it has its namespace and the attributes, it refuses runs.
      const namespace = 'default';
      await workflowService.describeNamespace({ namespace });
      return (await missingSearchAttributes(connection, namespace)).length === 0;
    } catch {
      return false;
    } finally {
      await connection.close();
    }
  });
  return { host, address };
}

/** Starts an S3 server; returns the variables of the AWS SDK that lead to it. */
export async function startS3({ s3 }: ServerCommands): Promise<Record<string, string>> {
  const host = await addHost();
  startOn(host, s3);
  const url = `http://${host.address.data}:9000`;
  await eventually('the S3 server', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return { ...ROOT_KEY, AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' };
}

/** Address of a provider in the network of the workers. */
export interface Front {
  url: string;
  /** Variables of a process that trusts its certificate. */
  env: Record<string, string>;
  close(): void;
}

/** Opens the provider, which listens on loopback only, to the network: over TLS, as the product demands. */
export async function openFront(provider: string): Promise<Front> {
  const { data } = operator.address;
  const { cert, private: key } = await generate([{ name: 'commonName', value: data }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: data }] }],
  });
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-cuts-'));
  const file = join(folder, 'ca.pem');
  await writeFile(file, cert);
  const port = Number(new URL(provider).port);
  const server = createServer({ cert, key }, (outside) => {
    const inside = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, data, resolve));
  // A TCP server has this kind of address.
  const { port: at } = server.address() as AddressInfo;
  return {
    url: `https://${data}:${at}`,
    env: { NODE_EXTRA_CA_CERTS: file },
    close: () => server.close(),
  };
}
