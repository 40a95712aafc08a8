// The real server on a database of its own, as a process.

import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createInterface } from "node:readline";

const repository = new URL("../../../", import.meta.url).pathname;

/** Does something with a server and stops it again. */
export async function serving(work: (address: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp("/tmp/kanban-typescript-");
  // the user that runs PostgreSQL must reach it, also when this runs as root
  await chmod(folder, 0o755);
  const target = process.env["CARGO_TARGET_DIR"] ?? `${repository}target`;
  const program = process.env["KANBAN_SERVER_BIN"] ?? `${target}/debug/kanban-server`;
  const { DATABASE_URL: _, ...env } = process.env;
  const server = spawn(program, ["serve", "--bind", "127.0.0.1:0", "--data-dir", `${folder}/data`], {
    env: { ...env, KANBAN_LOG: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => server.once("exit", (code) => resolve(code)));
  try {
    await work(await address(server));
  } finally {
    server.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true });
  }
}

async function address(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error("the server has no output");
  for await (const line of createInterface(server.stdout)) {
    const found = /^listening on (.*)$/.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error("the server ended before it listened");
}
