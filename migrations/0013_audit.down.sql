drop index kanban.events_action;
drop index kanban.events_actor;
drop index kanban.events_entity;
drop index kanban.events_time;
