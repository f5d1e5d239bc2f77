"""The table of permissions, written out once more as people read it: a change of either is seen here."""

from dataclasses import replace

import pytest

from tenants.errors import Forbidden, SignInNeeded
from tenants.ids import MemberId, PersonId, new_id
from tenants.permissions import RANK, VISITOR, Action, Actor, Role, acting_system, require, why

# One line for each action: who may, as O(wner) A(dmin) T(eacher) M(oderator) S(tudent).
GOLDEN = """
channel.edit        OA---
channel.export      O----
member.list         OATMS
member.role         OA---
member.ban          OA-M-
course.read         OATMS
course.edit         OAT--
batch.edit          OAT--
enroll              OATMS
price.edit          OA---
order.list          OA---
order.refund        OA---
payout.edit         OA---
live.edit           OAT--
live.join           OATMS
recording.edit      OAT--
file.upload         OAT--
room.edit           OATM-
room.join           OATMS
message.post        OATMS
message.direct      OATMS
message.announce    OATM-
message.mention_all OATM-
message.pin         OATM-
message.moderate    OA-M-
certificate.list    OAT--
certificate.issue   OAT--
certificate.revoke  OA---
search              OATMS
insights.read       OAT--
audit.read          OA---
key.edit            OA---
webhook.edit        OA---
"""
ROWS = dict(line.split() for line in GOLDEN.strip().splitlines())
LETTERS = dict(zip("OATMS", Role, strict=True))


def acting(role: Role | None) -> Actor:
    """A person, and a member of that role if there is one."""
    return Actor(PersonId(new_id()), MemberId(new_id()) if role else None, role)


def test_every_action_has_its_line() -> None:
    assert set(ROWS) == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_its_line_says_and_is_told_why(action: Action, role: Role) -> None:
    answer = why(acting(role), action)
    assert answer.allowed == (role in {LETTERS[letter] for letter in ROWS[action] if letter != "-"})
    assert answer.because == f"a {role} {'may' if answer.allowed else 'may not'} {action}"
    assert (answer.refusal is None) == answer.allowed
    if answer.allowed:
        require(acting(role), action)
    else:
        with pytest.raises(Forbidden, match="may not do that here"):
            require(acting(role), action)


@pytest.mark.parametrize("action", Action)
def test_who_is_no_member_may_nothing_and_the_system_all(action: Action) -> None:
    with pytest.raises(SignInNeeded):
        require(VISITOR, action)
    with pytest.raises(Forbidden, match="Join this channel first") as stranger:
        require(acting(None), action)
    assert stranger.value.code == "not_a_member"
    require(acting_system("test"), action)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_a_ban_outweighs_every_role(action: Action, role: Role) -> None:
    with pytest.raises(Forbidden, match="banned from this channel: Spam") as refused:
        require(replace(acting(role), banned="Spam"), action)
    assert refused.value.code == "banned"


def test_roles_are_ranked_from_student_to_owner() -> None:
    assert sorted(Role, key=RANK.__getitem__) == [
        Role.STUDENT, Role.MODERATOR, Role.TEACHER, Role.ADMIN, Role.OWNER,
    ]  # fmt: skip
