// Runs graphql-http's audits of GraphQL over HTTP against a server: node audit.mjs http://localhost:8080/graphql
// Every audit counts, also those of SHOULD and MAY.
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
if (!url) throw new Error('usage: node audit.mjs URL');

const results = await auditServer({ url });
for (const result of results) {
  if (result.status !== 'ok') console.log(`${result.id} ${result.status}: ${result.name}: ${result.reason}`);
}
const ok = results.filter((result) => result.status === 'ok').length;
console.log(`${ok} of ${results.length} audits are ok`);
process.exitCode = ok === results.length ? 0 : 1;
