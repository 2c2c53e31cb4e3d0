/** Any JSON value: what a pipeline file, a row or a cell may hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}
