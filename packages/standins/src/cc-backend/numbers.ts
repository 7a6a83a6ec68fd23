/** What `strconv.ParseInt` takes, as far as anybody sends it. */
export function isInt64(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

/** Go's sentence about a text that is no integer. */
export function notAnInteger(text: string, how: 'ParseInt' | 'Atoi' = 'ParseInt'): string {
  return `strconv.${how}: parsing ${JSON.stringify(text)}: invalid syntax`;
}
