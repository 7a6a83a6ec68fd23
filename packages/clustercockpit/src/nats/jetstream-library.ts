// What is used of @nats-io/jetstream; see nats-library.ts.
export { JetStreamApiError, jetstream } from '@nats-io/jetstream';
