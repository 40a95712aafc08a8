drop function kanban.create_tenant(text);
drop function kanban.has_several_tenants();
