drop function kanban.complete_card(text, jsonb, uuid, text, bigint);
drop function kanban.release_card(text, jsonb, uuid, text, bigint, text);
drop function kanban.heartbeat_card(text, jsonb, uuid, text, bigint, integer, integer);
drop function kanban.claim_card(text, jsonb, uuid, text, text, integer, boolean, integer);
drop function kanban.claim_next(text, jsonb, text, uuid, text, text[], integer, integer, boolean, integer);
drop function kanban.free_capacity(text, text, integer);
drop function kanban.take_card(jsonb, kanban.cards, text, integer, boolean);
drop function kanban.ready_cards(text, text, text, uuid[], uuid[], text[], timestamptz, integer, integer, timestamptz,
                                 bigint, uuid, integer);
drop function kanban.assigned_cards(text, text);
