export { dayBudget } from './day-budget.ts';
export { enrichTable } from './enrich-table.ts';
export { missedNight } from './missed-night.ts';
export { tableLease } from './table-lease.ts';
