// Takes jobs one at a time and completes them, with pg-boss or graphile-worker, for as long as each line on standard input says:
// {"queue": "pg-boss", "jobs": 10000, "seconds": 1}. Answers a line each: {"per_second": 1234.5}; nothing else may write there.
// The database is that of the usual PG… variables, and this is its superuser.
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { Logger, runMigrations, runTaskList } from "graphile-worker";
import pg from "pg";
import { PgBoss } from "pg-boss";

const CLIENTS = 8;

// what goes wrong anywhere ends this with a trace on standard error, so that whoever asked does not wait
const fail = (error) => { throw error; };
const logger = new Logger(() => (level, message) => { if (level === "error") console.error(message); });
const pool = new pg.Pool({ max: CLIENTS + 2 });
pool.on("error", fail);
pool.on("connect", (client) => client.on("error", fail));
const boss = new PgBoss({ host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER,
  database: process.env.PGDATABASE, max: CLIENTS, supervise: false, schedule: false });
boss.on("error", fail);
await boss.start();
await boss.createQueue("work");
await runMigrations({ pgPool: pool, logger });

const clock = () => performance.now() / 1000;

// what was written is not paid for while jobs are taken, and plans are made for tables that are full
async function settle() {
  await pool.query("vacuum analyze");
  await pool.query("checkpoint");
}

async function withBoss(jobs, seconds) {
  for (let left = jobs; left > 0; left -= 1000) {
    await boss.insert("work", Array.from({ length: Math.min(left, 1000) }, (_, i) => ({ data: { i } })));
  }
  await settle();
  const start = clock();
  const counts = await Promise.all(Array.from({ length: CLIENTS }, async () => {
    let done = 0;
    while (clock() - start < seconds) {
      const [job] = await boss.fetch("work");
      if (!job) throw new Error("there is nothing left to take");
      await boss.complete("work", job.id);
      done += 1;
    }
    return done;
  }));
  const rate = counts.reduce((a, b) => a + b) / (clock() - start);
  await boss.deleteAllJobs("work");
  return rate;
}

async function withWorker(jobs, seconds) {
  await pool.query("select graphile_worker.add_job('work', json_build_object('i', n)) from generate_series(1, $1::int) as n",
    [jobs]);
  await settle();
  const events = new EventEmitter();
  const workers = runTaskList({ concurrency: CLIENTS, noHandleSignals: true, logger, events }, { work: () => {} }, pool);
  // from the first job on, for starting is not what is measured
  let start;
  events.once("job:start", () => { start = clock(); });
  await new Promise((resolve, reject) => {
    events.on("job:complete", () => { if (clock() - start >= seconds) resolve(); });
    events.on("worker:getJob:empty", () => reject(new Error("there is nothing left to take")));
    for (const wrong of ["job:error", "worker:getJob:error", "worker:fatalError", "pool:listen:error"]) {
      events.on(wrong, ({ error }) => reject(error));
    }
  });
  // completions run beside the next job, so those count that are there when all have ended
  await workers.gracefulShutdown();
  const took = clock() - start;
  const { rows: [{ left }] } = await pool.query("select count(*)::int as left from graphile_worker._private_jobs");
  await pool.query("truncate graphile_worker._private_jobs");
  return (jobs - left) / took;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { queue, jobs, seconds } = JSON.parse(line);
  const rate = await (queue === "pg-boss" ? withBoss : withWorker)(jobs, seconds);
  process.stdout.write(`${JSON.stringify({ per_second: rate })}\n`);
}
await boss.stop({ graceful: false });
await pool.end();
