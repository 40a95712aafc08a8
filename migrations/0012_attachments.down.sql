drop function kanban.delete_attachment(text, jsonb, uuid, bigint, bigint);
drop function kanban.create_attachment(text, jsonb, uuid, uuid, text, bigint, text, text, text, bigint, text, jsonb);
drop function kanban.attachment_doc(kanban.attachments);
drop table kanban.attachments;
