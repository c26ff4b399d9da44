// Follows a subscription and prints each result as a line of JSON:
// TOKEN=… node follow.mjs ws|sse URL DOCUMENT [VARIABLES]
// Ends with status 0 when the server completes it, with 3 and the close code or status on stderr when it breaks off.
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';

const [transport, url, query, variables = '{}'] = process.argv.slice(2);
if (!query) throw new Error('usage: node follow.mjs ws|sse URL DOCUMENT [VARIABLES]');
const authorization = `Bearer ${process.env.TOKEN}`;

const client =
  transport === 'ws'
    ? createWs({
        url: url.replace(/^http/, 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization },
      })
    : createSse({ url, retryAttempts: 0, headers: { authorization } });

try {
  for await (const result of client.iterate({ query, variables: JSON.parse(variables) })) {
    console.log(JSON.stringify(result));
  }
} catch (error) {
  console.error(error.code ?? error.response?.status ?? error.message ?? JSON.stringify(error));
  process.exit(3);
}
await client.dispose();
