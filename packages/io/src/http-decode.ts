import { promisify } from 'node:util';

type Decode = (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** The function of zlib that undoes a coding; undefined for one that is not known. */
function decoderOf(name: string, bytes: Buffer) {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return 'gunzip';
    case 'br':
      return 'brotliDecompress';
    case 'deflate':
      // RFC 9110 §8.4.1.2 means zlib's format, some servers send the bare stream.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? 'inflate' : 'inflateRaw';
    default:
      return undefined;
  }
}

/** What a client accepts: the codings of which `decodeBody` knows the decoder. */
export const acceptedCodings = 'gzip, deflate, br';

/**
 * The body as it was before the codings of `Content-Encoding`, which were applied in the order in which they are named.
 * A coding that is not known stays as it is. Throws `tooLarge` when the decoded body exceeds `maxBytes`, zlib's error when it is broken.
 */
export async function decodeBody(body: Buffer, encoding: string, maxBytes: number, tooLarge: () => Error): Promise<Buffer> {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  let decoded = body;
  for (const name of names.toReversed()) {
    const decoder = decoderOf(name, decoded);
    if (!decoder || decoded.length === 0) return decoded;
    // Most servers never make us need it: 2 MB.
    const zlib = await import('node:zlib');
    try {
      decoded = await (promisify(zlib[decoder]) as Decode)(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error;
    }
  }
  return decoded;
}
