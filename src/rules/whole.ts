/** A number as people read it: whole, `1,509`. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
