/** Public functions of the pipeline file for commands and backends. */
export { clashFinding } from './finding.ts';
export { SpecError, type SpecIssue } from './issue.ts';
export type { PipelineDocument } from './file-schema.ts';
export { pipelineJsonSchema } from './json-schema.ts';
export {
  checkPipeline,
  loadPipeline,
  parsePipeline,
  type LoadedPipeline,
  type LoadOptions,
  type ParseOptions,
} from './load-pipeline.ts';
export { DAYS, OVERLAPS } from './schedule.ts';
export type { Day, Overlap, PipelineSchedule, TimeOfDay } from './schedule.ts';
export { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from '../rules/duration.ts';
