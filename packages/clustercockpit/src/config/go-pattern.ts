/** Whether a host name is meant. Go's `regexp.MatchString`: found anywhere in the name, unless the expression is anchored. */
export interface HostMatcher {
  test(host: string): boolean;
}

/** Why a text is no regular expression of Go; one sentence. */
export interface PatternError {
  readonly message: string;
}

/**
 * Compiles a regular expression in Go's syntax (RE2). The library is loaded by the first call: a daemon whose configuration
 * has no expression does not carry it.
 */
export async function compileGoPattern(pattern: string): Promise<HostMatcher | PatternError> {
  const { RE2JS, RE2JSSyntaxException } = await import('re2js');
  try {
    const compiled = RE2JS.compile(pattern);
    return { test: (host) => compiled.test(host) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const where = positionOf(pattern, error.getPattern());
    return { message: `not a regular expression (RE2): ${error.getDescription()}${where}` };
  }
}

/** The library names the part that it cannot read, which for some errors is the whole. Counted from 1. */
function positionOf(pattern: string, part: string | null): string {
  if (part === null) return ` at character ${pattern.length}`;
  const offset = pattern.indexOf(part);
  return offset < 0 || part === pattern ? '' : ` at character ${offset + 1}: ${JSON.stringify(part.slice(0, 40))}`;
}
