// Takes jobs one at a time and completes them, with pg-boss or graphile-worker, for as long as each line on standard input says:
// {"queue": "pg-boss", "jobs": 10000, "seconds": 1}. Answers a line each: {"per_second": 1234.5}.
// The database is that of the usual PG… variables.
import { createInterface } from "node:readline";
import { runTaskList, runMigrations } from "graphile-worker";
import pg from "pg";
import { PgBoss } from "pg-boss";

const CLIENTS = 8;
const pool = new pg.Pool({ max: CLIENTS + 2 });
const boss = new PgBoss({ host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER,
  database: process.env.PGDATABASE, max: CLIENTS, supervise: false, schedule: false });
boss.on("error", (error) => { throw error; });
await boss.start();
await boss.createQueue("work");
await runMigrations({ pgPool: pool });

const clock = () => performance.now() / 1000;

async function withBoss(jobs, seconds) {
  for (let left = jobs; left > 0; left -= 1000) {
    await boss.insert("work", Array.from({ length: Math.min(left, 1000) }, (_, i) => ({ data: { i } })));
  }
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
  let done = 0;
  const start = clock();
  const workers = runTaskList({ concurrency: CLIENTS, noHandleSignals: true, pgPool: pool },
    { work: () => { done += 1; } }, pool);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const rate = done / (clock() - start);
  if (done >= jobs) throw new Error("there is nothing left to take");
  await workers.gracefulShutdown();
  await pool.query("truncate graphile_worker._private_jobs");
  return rate;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { queue, jobs, seconds } = JSON.parse(line);
  const rate = await (queue === "pg-boss" ? withBoss : withWorker)(jobs, seconds);
  console.log(JSON.stringify({ per_second: rate }));
}
await boss.stop({ graceful: false });
await pool.end();
