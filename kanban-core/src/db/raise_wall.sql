-- Makes the roles, privileges and policies that keep tenants apart, each only where it is missing. All or nothing.
do $$
declare
    v_number   text := (select oid::text from pg_database where datname = current_database());
    v_owner    oid := (select nspowner from pg_namespace where nspname = 'kanban');
    v_is_super boolean := (select rolsuper from pg_roles where rolname = current_user);
    v_lent     boolean := false;
    v_app      text;
    v_search   text;
    v_role     text;
    v_table    record;
    v_function record;
begin
    -- processes that start at once raise it one after the other
    perform pg_advisory_xact_lock(hashtextextended('kanban.wall', 0));
    -- a copy of a database goes on with the roles of the original
    select r.rolname into v_app from pg_namespace as n
    cross join lateral aclexplode(n.nspacl) as a
    join pg_roles as r on r.oid = a.grantee
    where n.nspname = 'kanban' and a.privilege_type = 'USAGE' and r.rolname ~ '^kanban_app_[0-9]+$'
    order by r.oid desc limit 1;
    v_app := coalesce(v_app, 'kanban_app_' || v_number);
    v_search := replace(v_app, '_app_', '_search_');
    foreach v_role in array array[v_app, v_search] loop
        if not exists (select from pg_roles where rolname = v_role) then
            execute format('create role %I nologin', v_role);
        end if;
        if exists (select from pg_roles where rolname = v_role and (rolsuper or rolbypassrls)) then
            raise exception 'the role % may not be a superuser or bypass row-level security', v_role;
        end if;
    end loop;
    if not pg_has_role(v_owner, v_app, 'member') then
        execute format('grant %I to %s', v_app, v_owner::regrole);
    end if;

    execute format('grant usage on schema kanban to %I, %I', v_app, v_search);
    execute format('grant select, insert, update, delete on all tables in schema kanban to %I', v_app);
    -- what has happened stays as it happened
    execute format('revoke update, delete on kanban.events from %I', v_app);
    execute format('revoke delete on kanban.tenants from %I', v_app);
    execute format('revoke insert, update, delete on kanban.secrets, kanban.migrations from %I', v_app);

    for v_table in
        select c.oid::regclass as name, c.relrowsecurity and c.relforcerowsecurity as is_forced,
               case when c.relname = 'tenants' then 'id' else 'tenant_id' end as tenant
        from pg_class as c
        where c.relnamespace = 'kanban'::regnamespace and c.relkind in ('r', 'p')
          and (c.relname = 'tenants'
               or exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id'))
    loop
        if not exists (select from pg_policy where polrelid = v_table.name and polname = 'tenant_wall') then
            -- on a session where it was once set for a transaction only, the setting is empty and not missing
            execute format(
                'create policy tenant_wall on %1$s
                     using (%2$I = nullif(current_setting(''kanban.tenant_id'', true), ''''))
                     with check (%2$I = nullif(current_setting(''kanban.tenant_id'', true), ''''))',
                v_table.name, v_table.tenant);
        end if;
        execute format('drop policy if exists search on %s', v_table.name);
        execute format('create policy search on %s for select to %I using (true)', v_table.name, v_search);
        execute format('grant select on %s to %I', v_table.name, v_search);
        if not v_table.is_forced then
            execute format('alter table %1$s enable row level security, force row level security', v_table.name);
        end if;
    end loop;

    -- a function passes to the search role only from a member, and only while that role may create in the schema
    if not v_is_super and not pg_has_role(current_user, v_search, 'usage') then
        execute format('grant %I to current_user', v_search);
        v_lent := true;
    end if;
    execute format('grant create on schema kanban to %I', v_search);
    for v_function in
        select f.oid::regprocedure as name, f.proname <> 'purge_tenant' as searches from pg_proc as f
        where f.pronamespace = 'kanban'::regnamespace and f.prosecdef and f.proowner <> v_search::regrole
    loop
        execute format('revoke execute on function %s from public', v_function.name);
        execute format('grant execute on function %s to %I', v_function.name, v_app);
        if v_function.searches then
            execute format('alter function %s owner to %I', v_function.name, v_search);
        end if;
    end loop;
    execute format('revoke create on schema kanban from %I', v_search);
    if v_lent then
        execute format('revoke %I from current_user', v_search);
    end if;
end $$;
