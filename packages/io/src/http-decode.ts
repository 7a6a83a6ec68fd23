import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

type Decoder = (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip) as Decoder,
  'x-gzip': promisify(gunzip) as Decoder,
  br: promisify(brotliDecompress) as Decoder,
  // RFC 9110 §8.4.1.2 means zlib's format, some servers send the bare stream.
  deflate: (bytes, limits) => (((bytes[0] ?? 0) & 0x0f) === 8 ? inflated : inflatedRaw)(bytes, limits),
};
const inflated = promisify(inflate) as Decoder;
const inflatedRaw = promisify(inflateRaw) as Decoder;

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
    const decoder = decoders[name];
    if (!decoder || decoded.length === 0) return decoded;
    try {
      decoded = await decoder(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error;
    }
  }
  return decoded;
}
