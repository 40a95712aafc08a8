# made from _async/attachments.py by kanban-py/make-sync; change that one

"""Operations on attachments."""

from __future__ import annotations

from kanban_py._typing import EMPTY, JsonObject, Version
from kanban_py.model import Attachment, Page

from .handle import Handle


class Attachments(Handle):
    """Operations on attachments."""

    __slots__ = ()

    def create_attachment(
        self,
        card: str,
        name: str,
        url: str,
        *,
        content_type: str | None = None,
        size: int | None = None,
        checksum: str | None = None,
        metadata: JsonObject = EMPTY,
    ) -> Attachment:
        """Notes a file or page elsewhere on a card. Nothing is fetched: what is said about it is taken as it is.

        Args:
            card: Id or key of the card.
            name: What to call it, such as a file name: 1 to 256 characters, none of them a control character.
            url: Where it is: an absolute URL of at most 2048 visible ASCII characters, with the scheme http, https,
                ftp, ftps, sftp, s3 or gs, and without user name or password.
            content_type: Its media type, such as `text/plain; charset=utf-8`.
            size: Its size in bytes: 0 to 2**53 - 1.
            checksum: Its checksum: `sha256:` and 64 lower-case hexadecimal digits; or sha384, sha512, blake3, sha1 or
                md5, each with its own number of digits.
            metadata: Anything to keep with it, at most 16 KiB of JSON.

        Raises:
            NotFound: There is no such card.
            Invalid: A member breaks a rule.
            Conflict: The board is archived.

        Example:
            >>> log = kanban.create_attachment("AB-1", "api.log", "s3://builds/42/api.log", size=812)
            >>> log.size, log.created_by.id
            (812, 'ada')
        """
        return self._call(
            "create_attachment",
            card=card,
            name=name,
            url=url,
            content_type=content_type,
            size=size,
            checksum=checksum,
            metadata=metadata,
        )

    def get_attachment(self, attachment_id: str) -> Attachment:
        """Reads an attachment.

        Args:
            attachment_id: Its id.

        Raises:
            NotFound: There is none with this id, or its card is deleted.

        Example:
            >>> plan = kanban.create_attachment("AB-1", "plan", "https://example.org/plan")
            >>> (kanban.get_attachment(plan.id)).url
            'https://example.org/plan'
        """
        return self._call("get_attachment", attachment_id=attachment_id)

    def list_attachments(self, card: str, *, limit: int = 50, cursor: str | None = None) -> Page[Attachment]:
        """Lists a card's attachments, oldest first.

        Args:
            card: Id or key of the card.
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            NotFound: There is no such card.
            Invalid: For a bad limit or cursor.

        Example:
            >>> plan = kanban.create_attachment("AB-1", "plan", "https://example.org/plan")
            >>> [attachment.name for attachment in kanban.list_attachments("AB-1")]
            ['plan']
        """
        return self._call("list_attachments", card=card, limit=limit, cursor=cursor)

    def delete_attachment(self, attachment_id: str, version: Version) -> Attachment:
        """Takes an attachment off its card. What it leads to stays where it is.

        Args:
            attachment_id: Its id.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There is no such attachment.
            VersionConflict: It has another version by now.
            Conflict: The board is archived.

        Example:
            >>> plan = kanban.create_attachment("AB-1", "plan", "https://example.org/plan")
            >>> (kanban.delete_attachment(plan.id, plan.version)).deleted_at is not None
            True
        """
        return self._call("delete_attachment", attachment_id=attachment_id, version=version)
