export interface JsonError {
  readonly offset: number;
  /** What V8 says, without the piece of the text that it quotes: it may be a secret. */
  readonly reason: string;
}

/** Why and where a text is not JSON; undefined when it is. */
export function jsonError(text: string): JsonError | undefined {
  const message = failure(text);
  if (message === undefined) return undefined;
  const reason = message.replace(/,? *(\.\.\.)?".*$/s, '').replace(/ in JSON at position.*| \(line.*/s, '');
  return { offset: positionOf(message) ?? brokenAt(text), reason };
}

/** V8 leaves out the position of an unexpected token; it is where the longest beginning that can still become JSON ends. */
function brokenAt(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (mayGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function mayGoOn(beginning: string): boolean {
  const message = failure(beginning);
  return message === undefined || /end of JSON|Unterminated/.test(message) || positionOf(message) === beginning.length;
}

function failure(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'not JSON';
  }
}

function positionOf(message: string): number | undefined {
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? undefined : Number(position);
}
