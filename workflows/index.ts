export { enrichTable } from './enrich-table.ts';
