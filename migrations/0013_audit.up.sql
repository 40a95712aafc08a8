-- Ways into the audit log, newest first: over the whole tenant, by what was changed, by who changed it, by what was done.
-- A board's own history is its stream, which the primary key has in order.

create index events_time on kanban.events (tenant_id, at, seq);
create index events_entity on kanban.events (tenant_id, entity_id, at, seq);
create index events_actor on kanban.events (tenant_id, actor_id, at, seq);
create index events_action on kanban.events (tenant_id, action, at, seq);
