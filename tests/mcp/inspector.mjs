// The whole story through the inspector's command line, once over HTTP and once over stdio on the same data folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

const [program, url, folder] = process.argv.slice(2);
const targets = {
  http: [url, "--transport", "http", "--header", "X-Agent-Id: inspector"],
  stdio: ["-e", "KANBAN_LOG=error", program, "mcp", "--data-dir", folder, "--agent", "inspector"],
};

/** Runs one method and gives back its result. */
function ask(target, ...more) {
  const output = execFileSync("mcp-inspector", ["--cli", ...target, ...more], { encoding: "utf8", timeout: 60_000 });
  return JSON.parse(output);
}

/** Calls a tool that must succeed and gives back what it answered. */
function call(target, tool, args = {}) {
  const pairs = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  const more = pairs.length ? ["--tool-arg", ...pairs] : [];
  const result = ask(target, "--method", "tools/call", "--tool-name", tool, ...more);
  const data = JSON.parse(result.content[0].text);
  assert.ok(!result.isError, `${tool}: ${result.content[0].text}`);
  return data;
}

let key = 1;
for (const [way, target] of Object.entries(targets)) {
  const { tools } = ask(target, "--method", "tools/list");
  assert.ok(tools.some((tool) => tool.name === "claim_task"));
  assert.equal(call(target, "list_boards").boards[0].key, "AB");
  const card = `AB-${key++}`;
  assert.ok(call(target, "find_cards", { board: "AB", ready: true }).cards.some((found) => found.key === card));
  const [task] = call(target, "claim_task", { board: "AB" }).claimed;
  assert.deepEqual([task.key, task.claimed_by], [card, "inspector"]);
  const updated = call(target, "update_card", { card, version: task.version, epoch: task.epoch, priority: "high" });
  call(target, "add_comment", { card, body: "Done through the inspector." });
  const done = call(target, "move_card", { card, version: updated.version, epoch: task.epoch, column: "done" });
  assert.equal(done.status, "done");
  const read = ask(target, "--method", "resources/read", "--uri", `kanban://card/${card}`);
  assert.match(read.contents[0].text, /Done through the inspector/);
  console.log(`inspector over ${way}: the whole story, ${tools.length} tools`);
}
