drop function kanban.purge_tenant(text, integer);
drop function kanban.record_deletion(text, jsonb, text);
drop function kanban.delete_tenant(text, jsonb);
drop function kanban.suspend_tenant(text, jsonb, boolean);
drop function kanban.lock_tenant(text);
drop function kanban.create_tenant(text, jsonb);
drop function kanban.list_tenants(text, bigint);
drop function kanban.has_several_tenants();
drop function kanban.tenant_doc(kanban.tenants);
