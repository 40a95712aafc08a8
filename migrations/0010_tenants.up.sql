-- Tenants: how they come, pause and go. What keeps them apart in the database (roles, policies) is made by `migrate`
-- behind the migrations, for it needs privileges that who migrates may not have; see kanban-core/src/db/raise_wall.sql.

create function kanban.tenant_doc(t kanban.tenants) returns jsonb
    language sql stable parallel safe
    return jsonb_build_object(
        'tenant', t.id, 'created_at', kanban.rfc3339(t.created_at), 'suspended_at', kanban.rfc3339(t.suspended_at),
        'deleted_at', kanban.rfc3339(t.deleted_at));

-- Past the policies, for a session asks it before it works for any tenant.
create function kanban.has_several_tenants() returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return (select count(*) > 1 from (select from kanban.tenants limit 2) as t);
end $$;

-- Past the policies, for it answers all of them; only to a session of those who look after them.
create function kanban.list_tenants(p_after text, p_limit bigint) returns setof kanban.tenants
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query select t.* from kanban.tenants as t
    where t.id > p_after and current_setting('kanban.tenant_id', true) = 'default' order by t.id limit p_limit;
end $$;

-- Answers the tenant and whether it is new. A second tenant needs the wall.
create function kanban.create_tenant(p_tenant text, p_actor jsonb, out tenant kanban.tenants, out is_new boolean)
    language plpgsql as $$
begin
    if not (select relforcerowsecurity from pg_class where oid = 'kanban.tenants'::regclass)
        and not exists (select from kanban.tenants where id = p_tenant) then
        perform kanban.refuse('wall_missing', jsonb_build_object('role', session_user));
    end if;
    insert into kanban.tenants (id, created_at) values (p_tenant, clock_timestamp())
    on conflict (id) do nothing returning * into tenant;
    is_new := found;
    if is_new then
        perform kanban.append_tenant_event(
            p_tenant, 'tenant', '00000000-0000-0000-0000-000000000000', 'tenant.created', p_actor, tenant.created_at,
            jsonb_build_object('after', kanban.tenant_doc(tenant)));
    else
        select * into tenant from kanban.tenants where id = p_tenant;
        if tenant.deleted_at is not null then
            perform kanban.refuse('tenant_deleted', jsonb_build_object('tenant', p_tenant));
        end if;
    end if;
end $$;

-- Locks a tenant that is there, for what is done to the tenant itself.
create function kanban.lock_tenant(p_tenant text) returns kanban.tenants
    language plpgsql as $$
declare
    v_row kanban.tenants;
begin
    select * into v_row from kanban.tenants where id = p_tenant and deleted_at is null for no key update;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'tenant'));
    elsif p_tenant = 'default' then
        perform kanban.refuse('tenant_default');
    end if;
    return v_row;
end $$;

-- Suspends a tenant, or lets it go on. The event is appended while the tenant works: before the one, behind the other.
create function kanban.suspend_tenant(p_tenant text, p_actor jsonb, p_suspend boolean) returns kanban.tenants
    language plpgsql as $$
declare
    v_old kanban.tenants := kanban.lock_tenant(p_tenant);
    v_new kanban.tenants := v_old;
    v_now timestamptz := clock_timestamp();
begin
    if (v_old.suspended_at is not null) = p_suspend then
        return v_old;
    end if;
    v_new.suspended_at := case when p_suspend then v_now end;
    if not p_suspend then
        update kanban.tenants set suspended_at = null where id = p_tenant;
    end if;
    perform kanban.append_tenant_event(
        p_tenant, 'tenant', '00000000-0000-0000-0000-000000000000',
        case when p_suspend then 'tenant.suspended' else 'tenant.resumed' end, p_actor, v_now,
        kanban.changes(kanban.tenant_doc(v_old), kanban.tenant_doc(v_new)));
    update kanban.tenants set suspended_at = v_new.suspended_at where id = p_tenant returning * into v_new;
    return v_new;
end $$;

-- Marks a suspended tenant as going; kanban.purge_tenant then takes what it has. Doing it again changes nothing.
create function kanban.delete_tenant(p_tenant text, p_actor jsonb) returns kanban.tenants
    language plpgsql as $$
declare
    v_row kanban.tenants;
begin
    select * into v_row from kanban.tenants where id = p_tenant for no key update;
    perform kanban.require_token(p_tenant, p_actor);
    if v_row.id is null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'tenant'));
    elsif p_tenant = 'default' then
        perform kanban.refuse('tenant_default');
    elsif v_row.suspended_at is null then
        perform kanban.refuse('tenant_active', jsonb_build_object('tenant', p_tenant));
    end if;
    update kanban.tenants set deleted_at = coalesce(deleted_at, clock_timestamp()) where id = p_tenant
    returning * into v_row;
    return v_row;
end $$;

-- Records on the operators' own stream that a tenant is gone, for its own goes with it. Once, however often it is asked.
create function kanban.record_deletion(p_tenant text, p_actor jsonb, p_deleted text) returns void
    language plpgsql as $$
begin
    perform 1 from kanban.tenants where id = p_tenant for no key update;
    if not exists (
        select from kanban.events
        where tenant_id = p_tenant and stream = '00000000-0000-0000-0000-000000000000' and action = 'tenant.deleted'
          and payload -> 'before' ->> 'tenant' = p_deleted) then
        perform kanban.append_tenant_event(
            p_tenant, 'tenant', '00000000-0000-0000-0000-000000000000', 'tenant.deleted', p_actor, clock_timestamp(),
            jsonb_build_object('before', jsonb_build_object('tenant', p_deleted)));
    end if;
end $$;

-- Takes at most about p_rows rows of a tenant that is going, those that no other row refers to; answers how many. As the
-- owner, for nobody else may take events away; behind the owner's policies, so only of the session's tenant.
create function kanban.purge_tenant(p_tenant text, p_rows integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_table  regclass;
    v_child  regclass;
    v_taken  bigint;
    v_total  bigint := 0;
    v_is_leaf boolean;
begin
    if not exists (select from kanban.tenants where id = p_tenant and deleted_at is not null) then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'tenant'));
    end if;
    for v_table in
        select c.oid::regclass from pg_class as c
        where c.relnamespace = 'kanban'::regnamespace and c.relkind in ('r', 'p')
          and exists (select from pg_attribute as a
                      where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
    loop
        v_is_leaf := true;
        for v_child in
            select distinct f.conrelid::regclass from pg_constraint as f
            where f.contype = 'f' and f.confrelid = v_table and f.conrelid <> v_table
        loop
            execute format('select not exists (select from %s where tenant_id = $1)', v_child)
            into v_is_leaf using p_tenant;
            exit when not v_is_leaf;
        end loop;
        if v_is_leaf then
            execute format(
                'delete from %1$s where tenant_id = $1 and ctid = any (array(
                     select ctid from %1$s where tenant_id = $1 limit $2))', v_table)
            using p_tenant, p_rows - v_total;
            get diagnostics v_taken = row_count;
            v_total := v_total + v_taken;
            exit when v_total >= p_rows;
        end if;
    end loop;
    return v_total;
end $$;
