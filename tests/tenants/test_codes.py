"""A code survives people: it is read in any dress, and a slip of the finger is never another certificate."""

from hypothesis import given
from hypothesis import strategies as st

from tenants.certificates import codes

issued = st.text(codes.ALPHABET, min_size=12, max_size=12).map(lambda body: body + codes.check_character(body))


def test_a_new_code_is_valid_and_shown_in_groups() -> None:
    code = codes.make()
    assert codes.valid(code)
    assert len(code) == 13
    assert [len(group) for group in codes.show(code).split("-")] == [4, 4, 4, 1]


def test_a_thousand_codes_are_a_thousand_different_ones() -> None:
    assert len({codes.make() for _ in range(1000)}) == 1000


def test_the_rule_is_the_one_that_is_written_down() -> None:
    assert codes.show("7K4MQ2XD9FTA" + codes.check_character("7K4MQ2XD9FTA")) == "7K4M-Q2XD-9FTA-5"
    assert codes.weigh("1") == 1
    assert codes.weigh("01") == 2
    assert codes.weigh("0000001") == 10


@given(issued)
def test_no_single_wrong_character_passes(code: str) -> None:
    for at, right in enumerate(code):
        for wrong in codes.ALPHABET.replace(right, ""):
            assert not codes.valid(code[:at] + wrong + code[at + 1 :])


@given(issued)
def test_no_swap_of_neighbours_passes(code: str) -> None:
    for at in range(12):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert codes.valid(swapped) == (swapped == code)


@given(issued, st.sampled_from(["{}", " {} ", "{}\n"]), st.sampled_from(["-", " ", "", "–", "."]))
def test_any_case_grouping_and_look_alike_is_read(code: str, dress: str, joint: str) -> None:
    typed = joint.join(code[at : at + 4] for at in range(0, 13, 4)).lower()
    assert codes.normalise(dress.format(typed)) == code
    assert codes.normalise(typed.replace("0", "o").replace("1", "l")) == code
    assert codes.normalise(typed.replace("0", "O").replace("1", "I")) == code


@given(st.text(max_size=200))
def test_whatever_is_typed_gives_a_valid_code_or_none(typed: str) -> None:
    code = codes.normalise(typed)
    assert code is None or codes.valid(code)


def test_what_is_no_code_is_none() -> None:
    for typed in (
        "",
        "7K4M",
        "7K4M-Q2XD-9FTA-6",
        "UUUU-UUUU-UUUU-U",
        "0" * 14,
        "7K4M-Q2XD-9FTA-5" * 20,
        "\x00",
        "\ud800",
    ):
        assert codes.normalise(typed) is None
