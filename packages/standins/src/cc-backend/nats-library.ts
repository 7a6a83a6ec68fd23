// What is used of @nats-io/transport-node, by name and in a module of its own: it is loaded lazily, and a bundler turns
// `import()` of a CommonJS package into a module without names.
export { connect, credsAuthenticator } from '@nats-io/transport-node';
