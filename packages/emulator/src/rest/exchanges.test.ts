import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import { openEmulator } from '../open-emulator.ts';
import { comparable, type Exchange, isAccepted, recordedExchanges, withoutChance } from './exchanges.fixture.ts';
import { mintJwt } from './jwt.ts';
import { serveSlurmrestd } from './serve-slurmrestd.ts';

const jwtKey = new TextEncoder().encode('a key of the test, long enough for HS256');

for (const name of ['22.05', '24.11', '26.05'] as const) {
  describe(`slurmrestd as ${name} answers`, () => {
    test('status, errors and what stands beside them, question by question', async () => {
      const { release, exchanges } = recordedExchanges(name);
      const slurm = openEmulator({ spec: labSpec(release), file: ':memory:', start: 1_795_283_000, rate: 0 });
      const rest = await serveSlurmrestd(slurm, { listen: { host: '127.0.0.1', port: 0 }, jwtKey });
      try {
        const found: string[] = [];
        for (const [index, exchange] of exchanges.entries()) {
          if (index === exchanges.length - 11) slurm.setFaults({ slurmdbd: 'down' });
          if (index === exchanges.length - 8) slurm.setFaults({ slurmctld: 'down' });
          const own = await ask(exchange, rest.address, slurm.time.now());
          const at = `${exchange.name ?? '-'} ${exchange.token} ${exchange.method} ${exchange.url} ${exchange.body ?? ''}`;
          const real = { status: exchange.status, phrase: exchange.phrase, answer: withoutChance(exchange.answer) };
          if (!isAccepted(at, name) && JSON.stringify(sorted(real)) !== JSON.stringify(sorted(own))) {
            found.push(`${at}\n   real ${JSON.stringify(real)}\n   own  ${JSON.stringify(own)}`);
          }
        }
        assert.deepEqual(found, []);
      } finally {
        await rest.close();
        await slurm.close();
      }
    });
  });
}

async function ask(exchange: Exchange, address: string, now: number) {
  const token = mintJwt(jwtKey, { sun: exchange.sun, iat: now, exp: now + 3600 });
  const headers: Record<string, string> = { 'content-type': exchange.type };
  if (exchange.name !== null) headers['x-slurm-user-name'] = exchange.name;
  if (exchange.token === 'header') headers['x-slurm-user-token'] = token;
  if (exchange.token === 'bad') headers['x-slurm-user-token'] = 'bad';
  if (exchange.token === 'bearer') headers['authorization'] = `Bearer ${token}`;
  const response = await fetch(`http://${address}${exchange.url}`, { method: exchange.method, headers, body: exchange.body });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  const answer = withoutChance(comparable(isJson ? JSON.parse(text) : text));
  return { status: response.status, phrase: response.statusText, answer };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
