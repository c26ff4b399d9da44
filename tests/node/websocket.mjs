// The graphql-ws client against a server: node websocket.mjs http://localhost:8080/graphql [subscription]
// Asks only for __typename, unless a subscription document is given, from which one result is awaited.
import assert from 'node:assert/strict';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, subscription] = process.argv.slice(2);
if (!url) throw new Error('usage: node websocket.mjs URL [SUBSCRIPTION]');

const opened = [];
const client = createClient({
  url: url.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  keepAlive: 1_000,
  on: { connected: () => opened.push(1) },
});

async function results(query) {
  const all = [];
  for await (const result of client.iterate({ query })) all.push(result);
  return all;
}

assert.deepEqual(await results('{ __typename }'), [{ data: { __typename: 'Query' } }]);
assert.deepEqual(await results('mutation { __typename }'), [{ data: { __typename: 'Mutation' } }]);

// A document that is not valid rejects with the errors rather than giving a result.
await assert.rejects(results('{ thereIsNoSuchField }'), (errors) => Array.isArray(errors) && errors[0].message.length > 0);
await assert.rejects(results('{'), (errors) => Array.isArray(errors));

// Many operations on one socket.
const many = await Promise.all(Array.from({ length: 20 }, () => results('{ __typename }')));
assert.equal(many.flat().length, 20);

if (subscription) {
  const iterator = client.iterate({ query: subscription });
  const { value } = await iterator.next();
  assert.ok(value.data, JSON.stringify(value));
  await iterator.return();
}

assert.ok(opened.length >= 1);
await client.dispose();

// A wrong token is refused with 4403.
const refused = createClient({
  url: url.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  connectionParams: { authorization: 'Bearer wrong' },
});
await assert.rejects(
  (async () => {
    for await (const _ of refused.iterate({ query: '{ __typename }' }));
  })(),
  (event) => event.code === 4403,
);
console.log('graphql-ws is served');
