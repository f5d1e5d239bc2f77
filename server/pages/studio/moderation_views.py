"""Views of moderation, from cases and acts as the domain has them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from server.pages.room_view import TITLES
from server.web.views.attached import attached
from server.web.views.frame import PersonMark
from server.web.views.moderation import ActRow, AppealRow, CaseView, Decision, FlagRow, Told, Undoable
from server.web.views.polled import polled
from tenants.community.hiding import UNDO_TIME
from tenants.ids import MemberId
from tenants.moderation import cases, queue
from tenants.scope import Record


def case_view(case: queue.Case, reader: MemberId | None) -> CaseView:
    """A case as the desk shows it to a moderator."""
    row, claimed = case.row, cases.claimed(case.row)
    return CaseView(
        id=str(row["id"]),
        kind=row["kind"],
        opened=row["opened_at"],
        author=PersonMark(
            str(row["program_id"] or row["member_id"]), row["author_name"], program=row["program_id"] is not None
        ),
        role=TITLES.get(row["author_role"], ""),
        room=case.room["name"] if case.room else "",
        direct=row["direct"],
        closed=row["closed_at"] is not None,
        claimed_by=row["claimant"] if claimed and row["claimed_by"] != reader else "",
        mine=claimed and row["claimed_by"] == reader,
        own=case.own,
        alone=row["member_id"] == reader and not case.own,
        acted=case.acted,
        gone=case.about is not None and case.about["deleted"],
        flagged_words=tuple(case.flagged_words),
        around=tuple(_told(one, subject=one is case.about) for one in case.around),
        flags=tuple(FlagRow(flag["name"], flag["reason"], flag["words"]) for flag in case.flags),
        earlier=tuple(_act(each) for each in case.earlier),
        appeal=AppealRow(*(case.appeal[name] for name in ("words", "kind", "reason"))) if case.appeal else None,
        caught_by=tuple(dict.fromkeys(each["name"] for each in case.catches)),
    )


def undoable(row: Record) -> Undoable:
    """An act that can still be undone."""
    left = (row["at"] + UNDO_TIME - datetime.now(UTC)).total_seconds()
    return Undoable(str(row["id"]), row["kind"], max(1, round(left)))


def decision_view(row: Record) -> Decision:
    """An act as whom it hit reads it."""
    return Decision(
        id=str(row["id"]),
        kind=row["kind"],
        reason=row["reason"],
        at=row["at"],
        until=row["until"],
        appeal=row["words"] or "",
        answer=row["answer"] or "",
        standing=_standing(row),
        undone=row["undone_at"],
    )


def _standing(row: Record) -> str:
    if row["upheld"] is False:
        return "overturned"
    if row["undone_at"] is not None:
        return "lifted" if row["kind"] == "ban" else "undone"
    if row["upheld"]:
        return "upheld"
    return "open" if row["appealed_at"] is not None else ""


def _told(one: Mapping[str, Any], *, subject: bool) -> Told:
    return Told(
        author=PersonMark(one["author"]["id"], one["author"]["name"], program=one["author"].get("program", False)),
        at=datetime.fromisoformat(one["created_at"]),
        html=one["html"],
        files=attached(one["files"]),
        poll=polled(one["poll"]),
        subject=subject,
        hidden=one["hidden"],
        deleted=one["deleted"],
    )


def _act(row: Record) -> ActRow:
    return ActRow(row["kind"], row["reason"], row["by_name"], row["at"], undone=row["undone_at"] is not None)
