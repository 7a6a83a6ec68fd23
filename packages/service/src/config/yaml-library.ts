// What is used of yaml, by name and in a module of its own: it is loaded lazily, and a bundler turns `import('yaml')` of a
// CommonJS package into a module without names.
export { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
