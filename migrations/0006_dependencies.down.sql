drop function kanban.remove_dependency(text, jsonb, text, uuid, text, uuid, text, bigint, boolean);
drop function kanban.add_dependency(text, jsonb, uuid, text, uuid, text, uuid, text, bigint, boolean);
drop function kanban.append_dependency_event(text, jsonb, kanban.dependencies, text, timestamptz, jsonb);
drop function kanban.holds_back(text, uuid);
drop function kanban.blocking_path(text, uuid, uuid);
