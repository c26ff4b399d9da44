// Runs no-op jobs through graphile-worker and prints how many seconds they took: DATABASE_URL=… node graphile-worker.mjs COUNT
import { makeWorkerUtils, run } from 'graphile-worker';

const connectionString = process.env.DATABASE_URL;
const count = Number(process.argv[2]);
const logger = undefined;
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
for (let at = 0; at < count; at += 1_000) {
  await utils.addJobs(
    Array.from({ length: Math.min(1_000, count - at) }, (_, n) => ({ identifier: 'nothing', payload: { n: at + n } })),
  );
}
await utils.release();

let done = 0;
let finish;
const all = new Promise((resolve) => (finish = resolve));
const begun = process.hrtime.bigint();
const runner = await run({
  connectionString,
  concurrency: 24,
  maxPoolSize: 12,
  noHandleSignals: true,
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  taskList: {
    nothing: () => {
      done += 1;
      if (done === count) finish();
    },
  },
});
await all;
// The last jobs are done when their rows are gone.
await runner.stop();
console.log(Number(process.hrtime.bigint() - begun) / 1e9);
