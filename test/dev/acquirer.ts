/** A process of its own that wants the `temporal` command; prints what it says and what it gets. */
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';

const binary = await acquireTemporalBinary({ say: (line) => console.log(`said ${line}`) });
console.log(`got ${JSON.stringify(binary)}`);
