drop function kanban.lease_calls;
drop table kanban.rate_windows;
