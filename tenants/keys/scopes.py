"""What a key may be allowed: each scope stands for rows of the table of permissions.

A key acts as the member who made it, within its scopes: never beyond what that member's role may at the moment.
"""

from collections.abc import Iterable
from enum import StrEnum

from tenants.permissions import Action


class KeyScope(StrEnum):
    """What a key is for. One that writes also reads."""

    READ_COMMUNITY = "read:community"
    WRITE_COMMUNITY = "write:community"
    READ_COURSES = "read:courses"
    WRITE_COURSES = "write:courses"
    READ_MEMBERS = "read:members"
    WRITE_MEMBERS = "write:members"
    READ_CERTIFICATES = "read:certificates"
    WRITE_CERTIFICATES = "write:certificates"
    READ_ORDERS = "read:orders"
    WRITE_ORDERS = "write:orders"
    READ_WEBHOOKS = "read:webhooks"
    WRITE_WEBHOOKS = "write:webhooks"


_READ = {
    KeyScope.READ_COMMUNITY: frozenset({Action.ROOM_JOIN}),
    KeyScope.READ_COURSES: frozenset({Action.COURSE_READ}),
    KeyScope.READ_MEMBERS: frozenset({Action.MEMBER_LIST}),
    KeyScope.READ_CERTIFICATES: frozenset({Action.CERTIFICATE_LIST}),
    KeyScope.READ_ORDERS: frozenset({Action.ORDER_LIST}),
    # What only reads is told apart by the operations that take it.
    KeyScope.READ_WEBHOOKS: frozenset({Action.WEBHOOK_EDIT}),
}
_WRITE = {
    KeyScope.WRITE_COMMUNITY: frozenset(
        {Action.MESSAGE_POST, Action.MESSAGE_ANNOUNCE, Action.MESSAGE_MODERATE, Action.ROOM_EDIT}
    ),
    KeyScope.WRITE_COURSES: frozenset(
        {Action.COURSE_EDIT, Action.BATCH_EDIT, Action.LIVE_EDIT, Action.RECORDING_EDIT, Action.FILE_UPLOAD}
    ),
    KeyScope.WRITE_MEMBERS: frozenset({Action.MEMBER_BAN}),
    KeyScope.WRITE_CERTIFICATES: frozenset({Action.CERTIFICATE_ISSUE, Action.CERTIFICATE_REVOKE}),
    KeyScope.WRITE_ORDERS: frozenset({Action.ORDER_REFUND}),
    KeyScope.WRITE_WEBHOOKS: frozenset({Action.WEBHOOK_EDIT}),
}
GRANTS: dict[KeyScope, frozenset[Action]] = {
    scope: _READ.get(scope, frozenset())
    | (_WRITE[scope] | _READ[KeyScope(scope.replace("write:", "read:"))] if scope in _WRITE else frozenset())
    for scope in KeyScope
}


def widened(scopes: Iterable[str]) -> frozenset[KeyScope]:
    """All that the scopes amount to: those that write read as well; unknown ones amount to nothing."""
    given = {KeyScope(scope) for scope in scopes if scope in list(KeyScope)}
    return frozenset(given | {KeyScope(scope.replace("write:", "read:")) for scope in given})


def actions(scopes: Iterable[KeyScope]) -> frozenset[Action]:
    """The rows of the table of permissions that the scopes stand for."""
    return frozenset[Action]().union(*(GRANTS[scope] for scope in scopes))
