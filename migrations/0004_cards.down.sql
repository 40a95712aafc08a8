drop function kanban.create_comment(text, jsonb, uuid, uuid, text, text, jsonb);
drop function kanban.restore_card(text, jsonb, uuid, text, bigint);
drop function kanban.delete_card(text, jsonb, uuid, text, bigint, bigint);
drop function kanban.move_card(text, jsonb, uuid, text, bigint, bigint, uuid, uuid, uuid, integer);
drop function kanban.update_card(text, jsonb, uuid, text, bigint, bigint, jsonb);
drop function kanban.create_card(text, jsonb, uuid, uuid, uuid, integer, uuid, text, text, text, text[], text[], smallint,
                                 timestamptz, jsonb, jsonb, jsonb, jsonb);
drop function kanban.require_room(kanban.columns);
drop function kanban.shift_card(jsonb, kanban.cards, kanban.cards, kanban.columns, bigint, text, timestamptz, jsonb);
drop function kanban.enter_column(kanban.cards, kanban.columns, timestamptz);
drop function kanban.without_claim(kanban.cards);
drop function kanban.count_as_blocker(text, uuid, integer, timestamptz);
drop function kanban.guard_card(kanban.cards, jsonb, bigint, bigint);
drop function kanban.lock_card(text, uuid, boolean);
drop function kanban.card_before(text, uuid, bigint);
drop function kanban.place_key(text, kanban.columns, uuid, uuid, uuid, integer);
drop function kanban.cut_now(text, uuid, bigint, bigint);
drop function kanban.respread(text, uuid, bigint);
