export { dayBudget } from './day-budget.ts';
export { enrichTable } from './enrich-table.ts';
export { tableLease } from './table-lease.ts';
