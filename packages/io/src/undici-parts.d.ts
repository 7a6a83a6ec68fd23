// A file of undici itself, typed by its declarations: its index also loads fetch, WebSocket, the cache and the mocks, which
// take memory and are of no use here.
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export = Pool;
}
