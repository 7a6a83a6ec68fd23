/** Where the daemon and the hook meet. */
export type SocketAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` is null for every address of this machine (listening) or this machine itself (connecting). */
  | { readonly kind: 'tcp'; readonly host: string | null; readonly port: number };
