"""Wrong passwords cost time; the clock is the test's."""

from ccd.web.backoff import BackOff, BackOffLimits

LIMITS = BackOffLimits(
    free_attempts=3, wait_s_min=1.0, wait_s_max=8.0, forget_s=100.0, address_attempts_max=10.0,
    address_attempts_per_s=0.5, entries_max=5,
)  # fmt: skip


def waits(back_off: BackOff, name: str, address: str, times: list[float]) -> list[float]:
    return [back_off.attempt(name, address, now) for now in times]


def test_a_name_has_a_few_free_attempts_then_waits_that_double_up_to_a_limit() -> None:
    back_off = BackOff(LIMITS)
    assert waits(back_off, "lead", "a", [0, 0, 0]) == [0, 0, 0]
    assert waits(back_off, "lead", "a", [0, 0.5]) == [1, 0.5]
    assert waits(back_off, "lead", "a", [1, 1]) == [0, 2]
    assert waits(back_off, "lead", "a", [3, 3]) == [0, 4]
    assert waits(back_off, "lead", "a", [7, 7]) == [0, 8]
    assert waits(back_off, "lead", "a", [15, 15]) == [0, 8]


def test_a_name_waits_whatever_address_it_comes_from() -> None:
    back_off = BackOff(LIMITS)
    assert [back_off.attempt("lead", address, 0) for address in "abc"] == [0, 0, 0]
    assert back_off.attempt("lead", "d", 0) == 1


def test_other_names_from_the_same_address_do_not_wait_with_it() -> None:
    back_off = BackOff(LIMITS)
    waits(back_off, "lead", "a", [0, 0, 0])
    assert back_off.attempt("1001", "a", 0) == 0


def test_a_right_password_begins_anew() -> None:
    back_off = BackOff(LIMITS)
    waits(back_off, "lead", "a", [0, 0, 0])
    back_off.attempt("lead", "a", 1)
    back_off.was_right("lead", "a")
    assert waits(back_off, "lead", "a", [1, 1, 1]) == [0, 0, 0]


def test_a_name_is_forgotten_after_a_while() -> None:
    back_off = BackOff(LIMITS)
    waits(back_off, "lead", "a", [0, 0, 0])
    assert waits(back_off, "lead", "a", [102, 102, 102]) == [0, 0, 0]


def test_guessing_through_many_names_empties_the_addresss_allowance() -> None:
    back_off = BackOff(LIMITS)
    assert [back_off.attempt(f"name-{number}", "a", 0) for number in range(10)] == [0] * 10
    assert back_off.attempt("another", "a", 0) == 2
    assert back_off.attempt("another", "b", 0) == 0
    assert back_off.attempt("third", "a", 2) == 0


def test_a_whole_call_centre_behind_one_address_signs_in() -> None:
    back_off = BackOff(LIMITS)
    for number in range(1_000):
        assert back_off.attempt(str(number), "office", number * 0.01) == 0
        back_off.was_right(str(number), "office")


def test_attempts_at_once_are_counted_before_any_is_known_to_be_wrong() -> None:
    back_off = BackOff(LIMITS)
    assert sum(back_off.attempt("lead", "a", 0) == 0 for _ in range(100)) == 3


def test_however_many_names_are_tried_little_is_kept() -> None:
    back_off = BackOff(LIMITS)
    for number in range(1_000):
        back_off.attempt(f"name-{number}", f"address-{number}", number)
    assert len(back_off._names) == len(back_off._addresses) == LIMITS.entries_max


def test_who_is_refused_for_the_address_makes_no_name_forgotten() -> None:
    back_off = BackOff(BackOffLimits(address_attempts_max=10, entries_max=20))
    for _ in range(6):
        back_off.attempt("1001", "10.0.0.1", 0)
    assert back_off.attempt("1001", "10.0.0.9", 0) > 0
    for number in range(100):
        back_off.attempt(f"nobody {number}", "10.0.0.1", 0)
    assert back_off.attempt("1001", "10.0.0.9", 0) > 0
