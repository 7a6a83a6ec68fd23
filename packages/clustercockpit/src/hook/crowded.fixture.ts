/** Listens with the shortest queue of connections there is: `crowded.fixture.ts [SOCKET]`, else at a TCP port. Says its pid and port. */
import { type AddressInfo, createServer } from 'node:net';

const [, , path] = process.argv;
const server = createServer();
server.listen({ ...(path === undefined ? { host: '127.0.0.1', port: 0 } : { path }), backlog: 1 }, () => {
  const { port } = path === undefined ? (server.address() as AddressInfo) : {};
  process.stdout.write(`${JSON.stringify({ pid: process.pid, port })}\n`);
});
