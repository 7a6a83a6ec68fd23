/** One JSON line of the log as a person reads it: `12:30:01 WARN  message  key=value`. Unparsable lines pass unchanged. */
export function humanLine(line: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, name: _name, msg, err, ...fields } = record;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const words = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  const first = [clock, String(level).toUpperCase().padEnd(5), printable(String(msg ?? '')), ...words]
    .filter((word) => word !== '')
    .join(' ');
  return `${first}${err === undefined ? '' : errorText(err)}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value)) return value;
  return JSON.stringify(value);
}

function errorText(error: unknown): string {
  if (error === null || typeof error !== 'object') return ` err=${fieldText(error)}`;
  const { code, type, message, hint, stack, cause } = error as Record<string, unknown>;
  const lines = [typeof stack === 'string' ? stack : `${String(code ?? type ?? 'Error')}: ${String(message)}`];
  if (cause !== undefined) lines.push(`because: ${String(cause)}`);
  if (hint !== undefined) lines.push(`hint: ${String(hint)}`);
  return lines.map((text) => `\n    ${printable(text).replaceAll('\n', '\n    ')}`).join('');
}

/** Job names and stderr of others reach the log: their control characters must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
