import { isS3 } from '../../s3/address.ts';
import { diskFiles } from './disk-files.ts';
import { s3Files } from './s3-files.ts';
import type { TargetFiles } from './target-files.ts';

export const filesAt = (path: string): TargetFiles => (isS3(path) ? s3Files : diskFiles);
