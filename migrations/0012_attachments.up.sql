-- Attachments: what is kept elsewhere and belongs to a card. What describes it is here; the bytes never are, and nobody
-- fetches them.

create table kanban.attachments (
    tenant_id       text        not null,
    id              uuid        not null,
    version         bigint      not null default 1,
    card_id         uuid        not null,
    name            text        not null,
    url             text        not null,
    content_type    text,
    -- bytes; more than a double can count would be another number in JavaScript
    size            bigint,
    -- algorithm:hex
    checksum        text,
    metadata        jsonb       not null default '{}',
    created_by_kind text        not null,
    created_by_id   text        not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    deleted_at      timestamptz,
    constraint attachments_pk primary key (tenant_id, id),
    constraint attachments_card_fk foreign key (tenant_id, card_id) references kanban.cards (tenant_id, id),
    constraint attachments_name_length check (char_length(name) between 1 and 256),
    constraint attachments_url_form check (octet_length(url) <= 2048 and url ~ '^[A-Za-z0-9]+://[!-~]+$'),
    constraint attachments_content_type_form check
        (octet_length(content_type) <= 512 and content_type ~ '^[^/]+/[^/]+'),
    constraint attachments_size_range check (size between 0 and 9007199254740991),
    constraint attachments_checksum_form check (checksum ~ '^[a-z0-9]+:[0-9a-f]{32,128}$'),
    constraint attachments_metadata_object check (kanban.is_object(metadata)),
    constraint attachments_actor_kind check (created_by_kind in ('agent', 'human', 'system'))
);

create index attachments_card on kanban.attachments (tenant_id, card_id, id) where deleted_at is null;

create function kanban.attachment_doc(a kanban.attachments) returns jsonb
    language sql stable parallel safe
    return jsonb_build_object(
        'id', a.id, 'card_id', a.card_id, 'version', a.version, 'name', a.name, 'url', a.url,
        'content_type', a.content_type, 'size', a.size, 'checksum', a.checksum, 'metadata', a.metadata,
        'created_by', jsonb_build_object('kind', a.created_by_kind, 'id', a.created_by_id),
        'created_at', kanban.rfc3339(a.created_at), 'updated_at', kanban.rfc3339(a.updated_at),
        'deleted_at', kanban.rfc3339(a.deleted_at));

create function kanban.create_attachment(
    p_tenant text, p_actor jsonb, p_id uuid, p_card uuid, p_card_key text, p_epoch bigint, p_name text, p_url text,
    p_content_type text, p_size bigint, p_checksum text, p_metadata jsonb) returns kanban.attachments
    language plpgsql as $$
declare
    v_now  timestamptz;
    v_card kanban.cards;
    v_row  kanban.attachments;
begin
    v_card := kanban.hold_card(p_tenant, p_actor, p_card, p_card_key, p_epoch);
    v_now := clock_timestamp();
    insert into kanban.attachments (tenant_id, id, card_id, name, url, content_type, size, checksum, metadata,
                                    created_by_kind, created_by_id, created_at, updated_at)
    values (p_tenant, p_id, v_card.id, p_name, p_url, p_content_type, p_size, p_checksum, p_metadata,
            p_actor ->> 'kind', p_actor ->> 'id', v_now, v_now)
    returning * into v_row;
    perform kanban.append_event(p_tenant, v_card.board_id, 'attachment', p_id, 'attachment.created', p_actor, v_now,
                                jsonb_build_object('after', kanban.attachment_doc(v_row)));
    return v_row;
end $$;

create function kanban.delete_attachment(
    p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_epoch bigint) returns kanban.attachments
    language plpgsql as $$
declare
    v_card kanban.cards;
    v_old  kanban.attachments;
    v_new  kanban.attachments;
begin
    -- the card stays on its board meanwhile
    select * into v_card from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = (select card_id from kanban.attachments where tenant_id = p_tenant and id = p_id) for share;
    select * into v_old from kanban.attachments
    where tenant_id = p_tenant and id = p_id and deleted_at is null for no key update;
    if v_card.id is null or v_old.id is null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'attachment'));
    end if;
    if p_epoch is not null then
        perform kanban.guard_card(v_card, p_actor, null, p_epoch);
    end if;
    perform kanban.require_open_board(p_tenant, v_card.board_id);
    if v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', v_old.version));
    end if;
    v_new := v_old;
    v_new.version := v_old.version + 1;
    v_new.updated_at := clock_timestamp();
    v_new.deleted_at := v_new.updated_at;
    update kanban.attachments set version = v_new.version, updated_at = v_new.updated_at, deleted_at = v_new.deleted_at
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_event(p_tenant, v_card.board_id, 'attachment', p_id, 'attachment.deleted', p_actor, v_new.updated_at,
                                kanban.changes(kanban.attachment_doc(v_old), kanban.attachment_doc(v_new)));
    return v_new;
end $$;
