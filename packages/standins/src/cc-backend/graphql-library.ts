// What is used of graphql, by name and in a module of its own: it is loaded lazily, and a bundler turns `import('graphql')`
// of a CommonJS package into a module without names.
export { buildSchema, execute, GraphQLError, GraphQLScalarType, parse, validate } from 'graphql';
