drop function kanban.lock_for_bulk;
