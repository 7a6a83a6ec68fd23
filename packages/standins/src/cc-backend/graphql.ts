import type { Release } from './release.ts';
import { textReply } from './reply.ts';
import type { Handler } from './routes.ts';

export function queryHandler(_release: Release): Handler {
  return () => textReply(501, '');
}
