/** A number as people read it: whole, `1,509`. */
export const formatInteger = (value: number): string => Math.round(value).toLocaleString('en-US');
