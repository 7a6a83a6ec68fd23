// What is used of undici's index, by name and in a module of its own: it is loaded lazily, and a bundler turns
// `import('undici')` of a CommonJS package into a module without names.
export { EnvHttpProxyAgent } from 'undici';
