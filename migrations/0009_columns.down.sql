drop function kanban.delete_column(text, jsonb, uuid, bigint, uuid);
drop function kanban.move_all_cards(jsonb, kanban.columns, kanban.columns);
drop function kanban.lock_board_of_column(text, uuid, bigint);
drop function kanban.reorder_column(text, jsonb, uuid, bigint, uuid, uuid, integer);
drop function kanban.column_key(text, uuid, uuid, uuid, uuid, integer);
