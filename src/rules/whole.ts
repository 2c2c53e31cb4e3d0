/** Formats a number as an integer with separators: `1,509`. */
export const formatInteger = (value: number): string => Math.round(value).toLocaleString('en-US');
