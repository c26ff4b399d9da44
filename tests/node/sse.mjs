// The graphql-sse client, in distinct connections mode, against a server:
// node sse.mjs http://localhost:8080/graphql [subscription]
// Asks only for __typename, unless a subscription document is given, from which one result is awaited.
import assert from 'node:assert/strict';
import { createClient } from 'graphql-sse';

const [url, subscription] = process.argv.slice(2);
if (!url) throw new Error('usage: node sse.mjs URL [SUBSCRIPTION]');

const client = createClient({ url, retryAttempts: 0 });

async function results(client, query) {
  const all = [];
  for await (const result of client.iterate({ query })) all.push(result);
  return all;
}

assert.deepEqual(await results(client, '{ __typename }'), [{ data: { __typename: 'Query' } }]);
assert.deepEqual(await results(client, 'mutation { __typename }'), [{ data: { __typename: 'Mutation' } }]);

// Errors of the document are a result, without data.
for (const query of ['{ thereIsNoSuchField }', '{']) {
  const [result, ...more] = await results(client, query);
  assert.ok(result.errors[0].message.length > 0);
  assert.ok(!('data' in result));
  assert.deepEqual(more, []);
}

if (subscription) {
  const iterator = client.iterate({ query: subscription });
  const { value } = await iterator.next();
  assert.ok(value.data, JSON.stringify(value));
  await iterator.return();
}

const refused = createClient({ url, retryAttempts: 0, headers: { authorization: 'Bearer wrong' } });
await assert.rejects(results(refused, '{ __typename }'), (error) => error.response?.status === 401);
client.dispose();
console.log('graphql-sse is served');
