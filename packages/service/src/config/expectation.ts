import type * as z from 'zod';

type Issue = z.core.$ZodRawIssue;

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  map: 'a mapping',
  null: 'null',
  undefined: 'nothing',
  never: 'nothing',
  nan: 'not a number',
};

const formats: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  uuid: 'a UUID',
  guid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 network',
  cidrv6: 'an IPv6 network',
  datetime: 'a date with time, as in 2026-01-31T12:00:00Z',
  date: 'a date, as in 2026-01-31',
  base64: 'base64 text',
  jwt: 'a JSON Web Token',
};

/**
 * What a schema expects, in words; given to zod as its error map, so that a schema's own `error` text still wins.
 */
export function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return types[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'invalid_value':
      return alternatives(issue.values.map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value))));
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', Number(issue.minimum), issue.exact);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', Number(issue.maximum), issue.exact);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return format(issue);
    case 'invalid_union':
      return union(issue.errors);
    case 'unrecognized_keys':
      return 'only known keys';
    case 'invalid_key':
      return 'another key';
    default:
      return 'a valid value';
  }
}

function bound(origin: string, relation: string, limit: number, exact: boolean | undefined): string {
  const count = exact ? `exactly ${limit}` : `${relation} ${limit}`;
  if (origin === 'string') return `a text of ${count} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `a list with ${count} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'object' || origin === 'map' || origin === 'record') return `a mapping with ${count} ${limit === 1 ? 'key' : 'keys'}`;
  return `${origin === 'int' ? 'a whole number of ' : 'a number of '}${count}`;
}

function format(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  if (issue.format === 'starts_with' && 'prefix' in issue) return `a text that begins with ${JSON.stringify(issue.prefix)}`;
  if (issue.format === 'ends_with' && 'suffix' in issue) return `a text that ends with ${JSON.stringify(issue.suffix)}`;
  if (issue.format === 'includes' && 'includes' in issue) return `a text that contains ${JSON.stringify(issue.includes)}`;
  if (issue.format === 'regex') return `a text of the form ${issue.pattern}`;
  return formats[issue.format] ?? `a text of the form ${issue.format}`;
}

/** What the alternatives of a union expect of the value itself; when one got further, its troubles lie deeper and are told there. */
function union(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const words = branches.flatMap((issues) => {
    const own = issues.find((issue) => issue.path.length === 0);
    const inner = issues[0];
    return own ? [own.message] : [`a value whose ${inner?.path.map(String).join('.')} is ${inner?.message}`];
  });
  return words.length === 0 ? 'a value of one of the known forms' : alternatives([...new Set(words)]);
}

function alternatives(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
