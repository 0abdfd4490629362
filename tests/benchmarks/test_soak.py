"""What a soak test calls grown."""

from dataclasses import replace

from benchmarks.soak import Look, faults_of

CALM = Look(0, 100.0, 20.0, 40, 0, 10, 0, 0, 0)


def looks(count: int = 40, **each: float) -> list[Look]:
    """`each` is by how much a figure rises from one look to the next."""
    rises = {"events": 50.0, "frames": 80.0} | each
    return [
        replace(CALM, **{name: getattr(CALM, name) + rise * number for name, rise in rises.items()})
        for number in range(count)
    ]


def test_a_floor_that_is_as_it_was_has_no_faults():
    assert faults_of(looks()) == []


def test_memory_that_rises_all_the_time_has_grown():
    (fault,) = faults_of(looks(memory_mb=1.5))
    assert fault.startswith("memory_mb grew from 121.75 to")


def test_memory_that_rose_while_it_warmed_up_has_not():
    warming = looks()
    assert faults_of([replace(one, memory_mb=50.0) for one in warming[:10]] + warming[10:]) == []


def test_files_and_rows_that_pile_up_have_grown():
    assert [fault.split()[0] for fault in faults_of(looks(files=1, rows_waiting=900))] == ["files", "rows_waiting"]


def test_dropped_events_and_boards_that_stand_still_are_faults():
    assert faults_of(looks(dropped=1, frames=0)) == ["39 events were dropped", "no frames came any more"]


def test_too_few_looks_tell_nothing_and_say_so():
    assert faults_of(looks(3)) == ["only 3 looks: too short to tell anything"]
