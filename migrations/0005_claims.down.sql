drop function kanban.complete_cards(text, jsonb[], uuid[], text[], bigint[]);
drop function kanban.release_card(text, jsonb, uuid, text, bigint, text);
drop function kanban.heartbeat_card(text, jsonb, uuid, text, bigint, integer, integer);
drop function kanban.claim_card(text, jsonb, uuid, text, text, integer, boolean, integer);
drop function kanban.claim_next(text, jsonb[], text[], uuid, text, kanban.task_filter, integer, integer, boolean, integer);
drop function kanban.free_capacity(text, text, integer);
drop function kanban.take_cards(jsonb[], kanban.cards[], text[], integer, boolean);
drop function kanban.next_tasks(text, text, uuid, text, kanban.task_filter, integer, integer, timestamptz, bigint, uuid,
                                integer);
drop function kanban.ready_cards(text, text, text, uuid[], uuid[], kanban.task_filter, timestamptz, integer, integer,
                                 timestamptz, bigint, uuid, integer);
drop function kanban.open_boards(text, uuid, text);
drop function kanban.suits(kanban.cards, kanban.task_filter);
drop function kanban.is_asked_for(kanban.cards, kanban.task_filter);
drop function kanban.missing_capabilities(text[], text[]);
drop type kanban.task_filter;
drop function kanban.agents_with_work(text, text[], timestamptz);
drop function kanban.assigned_cards(text, text);
