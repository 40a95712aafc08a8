-- How often somebody has called in the window of time that runs, so that all processes together keep to a limit.

create table kanban.rate_windows (
    tenant_id  text        not null,
    -- a token; the smallest id for the tenant as a whole, the largest for whoever calls without a token
    subject    uuid        not null,
    began_at   timestamptz not null,
    -- how many of the window's calls processes have been given to let in
    handed_out bigint      not null,
    constraint rate_windows_pk primary key (tenant_id, subject),
    constraint rate_windows_handed_out_not_negative check (handed_out >= 0)
) with (fillfactor = 50);

create index rate_windows_age on kanban.rate_windows (tenant_id, began_at);

-- Gives a process some of the calls that are left of a window, at most p_wanted: less towards the end, where others could
-- use what this one may not. A window begins with the first call behind the last one's end, so that not everybody's ends
-- at once. What a process has not used by then lapses. Also answers how many are left to be given, and when the window
-- ends, by the database's clock.
create function kanban.lease_calls(
    p_tenant text, p_subject uuid, p_limit bigint, p_seconds integer, p_wanted bigint,
    out granted bigint, out remaining bigint, out ends_in double precision, out ends_at timestamptz)
    language plpgsql as $$
declare
    v_length interval := make_interval(secs => p_seconds);
    v_window kanban.rate_windows;
    v_now    timestamptz;
    v_is_new boolean;
begin
    -- the last moment may be forgotten in a crash: that is not worth waiting for the disk
    perform set_config('synchronous_commit', 'off', true);
    loop
        select * into v_window from kanban.rate_windows as w
        where w.tenant_id = p_tenant and w.subject = p_subject for no key update;
        exit when found;
        insert into kanban.rate_windows (tenant_id, subject, began_at, handed_out)
        values (p_tenant, p_subject, clock_timestamp() - v_length, 0)
        on conflict do nothing;
    end loop;
    v_now := clock_timestamp();
    -- a clock that was put back begins anew, too
    v_is_new := v_window.began_at + v_length <= v_now or v_window.began_at > v_now;
    if v_is_new then
        v_window.began_at := v_now;
        v_window.handed_out := 0;
    end if;
    remaining := greatest(p_limit - v_window.handed_out, 0);
    granted := least(p_wanted, greatest(remaining / 4, 1), remaining);
    remaining := remaining - granted;
    ends_at := v_window.began_at + v_length;
    ends_in := extract(epoch from ends_at - v_now);
    if granted > 0 or v_is_new then
        update kanban.rate_windows as w
        set began_at = v_window.began_at, handed_out = v_window.handed_out + granted
        where w.tenant_id = p_tenant and w.subject = p_subject;
    end if;
    if v_is_new then
        -- whoever has not called for a day: a few at a time
        delete from kanban.rate_windows as w
        where w.tenant_id = p_tenant and w.subject in (
            select o.subject from kanban.rate_windows as o
            where o.tenant_id = p_tenant and o.began_at < v_now - interval '1 day'
            order by o.began_at limit 10 for update skip locked);
    end if;
end $$;
