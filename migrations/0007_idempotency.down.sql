drop function kanban.take_idempotency_key;
drop table kanban.idempotency_keys;
