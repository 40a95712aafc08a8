-- Tenants. What keeps them apart in the database (roles, policies) is made by `migrate` behind the migrations, for it
-- needs privileges that who migrates may not have; see kanban-core/src/db/raise_wall.sql.

-- Past the policies, for a session asks it before it works for any tenant.
create function kanban.has_several_tenants() returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return (select count(*) > 1 from (select from kanban.tenants limit 2) as t);
end $$;

-- Answers whether it is new. Several tenants need the wall between them.
create function kanban.create_tenant(p_tenant text) returns boolean
    language plpgsql as $$
begin
    if not (select relforcerowsecurity from pg_class where oid = 'kanban.tenants'::regclass)
        and not exists (select from kanban.tenants where id = p_tenant) then
        perform kanban.refuse('wall_missing', jsonb_build_object('role', session_user));
    end if;
    insert into kanban.tenants (id) values (p_tenant) on conflict (id) do nothing;
    return found;
end $$;
