/** Any JSON value: of a pipeline file, a row or a cell. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}
