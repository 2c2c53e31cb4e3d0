import type { ColumnConfig, RunMode, TableKind } from '../engine/column-config.ts';
import type { CellStatus } from '../engine/cells.ts';
import type { Json, JsonObject } from '../json.ts';

/** Replies, field by field as in the OpenAPI of the reference pages. Times are ISO. */

export interface ColumnOutput {
  id: string;
  created_at: string;
  config: ColumnConfig;
}

export interface Relationship {
  table_id: string;
  relationship_type: 'company_people';
}

export interface Owner {
  id: string;
  email: string;
}

export interface TableHeader {
  id: string;
  created_at: string;
  name: string;
  description: string | null;
  tags: string[] | null;
  kind: TableKind;
  columns: ColumnOutput[];
  owner: Owner;
  child_relationships: Relationship[];
  parent_relationships: Relationship[];
}

export interface TableStatus {
  num_rows: number;
  num_output_columns: number;
  num_input_columns: number;
  num_cells_completed: number;
  num_cells_in_progress: number;
  num_columns: number;
  run_status: 'running' | 'idle';
}

export interface TableWithStatus extends TableHeader {
  status: TableStatus;
}

export interface TableListItem {
  id: string;
  created_at: string;
  updated_at: string;
  name: string;
  description: string | null;
  tags: string[] | null;
  kind: TableKind;
  settings: { exclude_from_search: boolean };
  scope: 'personal' | 'organization';
  owner: Owner;
  num_rows: number;
}

export interface CellOutput {
  value: Json;
  status: CellStatus;
  updated_at: string | null;
}

/** A row as the row endpoints return it: plain data. */
export interface RowOutput {
  id: string;
  created_at: string;
  parent_row_id: string | null;
  company_profile_id: string | null;
  data: Record<string, CellOutput>;
  metadata: JsonObject | null;
  parent_data: Record<string, CellOutput> | null;
}

export interface RowWithStatus extends RowOutput {
  status: 'running' | 'idle';
  columns: ColumnOutput[];
}

export interface TableData extends TableWithStatus {
  rows: RowOutput[];
  discovery_tasks: null;
}

export interface RunOutput {
  id: string;
  created_at: string;
  status: 'created' | 'in_progress' | 'done' | 'failed';
  rows: string[] | null;
  columns: string[] | null;
  num_requested_cells: number;
  mode: RunMode;
}
