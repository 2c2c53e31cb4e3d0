/** Public functions of the pipeline file for commands and backends. */
export { clashFinding } from './document/issue-draft.ts';
export { SpecError, type SpecIssue } from './document/issue.ts';
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
export { DAYS, OVERLAPS } from './fields/schedule.ts';
export type { Day, Overlap, PipelineSchedule, TimeOfDay } from './fields/schedule.ts';
export { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from '../rules/duration.ts';
