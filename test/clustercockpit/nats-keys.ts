import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A key of NATS: who it is, the secret it is made from, and what it signs. */
export interface NatsKey {
  readonly publicKey: string;
  readonly seed: string;
  sign(text: string): string;
}

const roles = { user: 20 << 3, account: 0, operator: 14 << 3 } as const;
const seedPrefix = 18 << 3;

/** Made without the client's library, which is what these keys test. The form is that of NATS' ADR on NKeys. */
export function natsKey(role: keyof typeof roles): NatsKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const prefix = roles[role];
  return {
    publicKey: coded([prefix], Buffer.from(x, 'base64url')),
    seed: coded([seedPrefix | (prefix >> 5), (prefix & 31) << 3], Buffer.from(d, 'base64url')),
    sign: (text) => signature(text, privateKey),
  };
}

function signature(text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text), key).toString('base64url');
}

function coded(prefix: readonly number[], bytes: Buffer): string {
  const body = Buffer.concat([Buffer.from(prefix), bytes]);
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(body));
  return base32(Buffer.concat([body, check]));
}

/** CRC-16/XMODEM. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

const unlimited = { subs: -1, data: -1, payload: -1 };

/** The lines of a server in operator mode and the credentials file of one of its users, which is no longer valid after `expires`. */
export function operatorMode(expires?: number): { readonly config: string; readonly creds: string } {
  const [operator, account, user] = [natsKey('operator'), natsKey('account'), natsKey('user')];
  const operatorJwt = token(operator, operator, { type: 'operator' });
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountJwt = token(operator, account, { type: 'account', limits });
  const userJwt = token(account, user, { type: 'user', pub: {}, sub: {}, ...unlimited }, expires);
  const creds = [...framed('NATS USER JWT', userJwt), '', ...framed('USER NKEY SEED', user.seed), ''].join('\n');
  return { config: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${account.publicKey}: ${accountJwt} }`, creds };
}

function framed(title: string, text: string): string[] {
  return [`-----BEGIN ${title}-----`, text, `------END ${title}------`];
}

function token(issuer: NatsKey, subject: NatsKey, nats: object, exp?: number): string {
  const claims = {
    iat: 1_700_000_000,
    iss: issuer.publicKey,
    sub: subject.publicKey,
    name: 'test',
    ...(exp ? { exp } : {}),
    nats: { version: 2, ...nats },
  };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...claims })}`;
  return `${body}.${issuer.sign(body)}`;
}
