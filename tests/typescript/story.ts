// README's story by a client that is generated from the OpenAPI document: what compiles here is what the document promises.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";
import { serving } from "./server.js";

type Card = components["schemas"]["Card"];

const agent = { "X-Agent-Id": "claude-1" };

await serving(async (address) => {
  const api = createClient<paths>({ baseUrl: address });

  // what it could do, most urgent first
  const tasks = await api.GET("/v1/agents/{id}/next_tasks", { params: { path: { id: "claude-1" } } });
  const first: Card | undefined = tasks.data?.items[0];
  assert.equal(first?.key, "AB-1");

  // takes it for nobody else
  const claimed = await api.POST("/v1/agents/{id}/claim", { params: { path: { id: "claude-1" } } });
  assert.ok(claimed.data !== undefined);
  const [card] = claimed.data.items;
  assert.equal(claimed.data.reason, null);
  assert.ok(card?.claim != null);
  assert.deepEqual([card.key, card.status, card.claim.epoch], ["AB-1", "doing", 1]);

  const comment = await api.POST("/v1/cards/{id}/comments", {
    params: { path: { id: card.key }, header: agent },
    body: { body: "The search endpoint has no test.", metadata: { file: "search.rs", line: 3 } },
  });
  assert.deepEqual([comment.data?.author.id, comment.data?.metadata["line"]], ["claude-1", 3]);

  const done = await api.POST("/v1/cards/{id}/complete", {
    params: { path: { id: card.key }, header: { ...agent, "X-Claim-Epoch": card.claim.epoch } },
  });
  assert.deepEqual([done.data?.status, done.data?.claim], ["done", null]);

  // a write that has seen an old version is refused and shows the current card
  const seen = await api.GET("/v1/cards/{id}", { params: { path: { id: "AB-2" } } });
  const guard = { params: { path: { id: "AB-2" }, header: { "If-Match": seen.response.headers.get("ETag") ?? "" } } };
  const changed = await api.PATCH("/v1/cards/{id}", { ...guard, body: { priority: "high" } });
  assert.equal(changed.data?.priority, "high");
  const stale = await api.PATCH("/v1/cards/{id}", { ...guard, body: { priority: "low" } });
  assert.ok(stale.error !== undefined);
  assert.deepEqual([stale.response.status, stale.error.code, stale.error.retryable], [412, "version_conflict", false]);

  // what the document does not allow does not compile
  // @ts-expect-error: there is no such priority
  await api.PATCH("/v1/cards/{id}", { ...guard, body: { priority: "urgent" } });
  // @ts-expect-error: this write needs If-Match
  await api.DELETE("/v1/cards/{id}", { params: { path: { id: "AB-2" } } });
  // @ts-expect-error: a title cannot be null
  await api.PATCH("/v1/cards/{id}", { ...guard, body: { title: null } });

  // pages to the end
  const keys: string[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 2, ...(cursor == null ? {} : { cursor }) };
    const page = await api.GET("/v1/boards/{id}/cards", { params: { path: { id: "AB" }, query } });
    assert.ok(page.data !== undefined);
    keys.push(...page.data.items.map((one) => one.key));
    cursor = page.data.next_cursor;
  } while (cursor !== null);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.includes("AB-1"));
  console.log(`the story holds: ${keys.length} cards`);
});
