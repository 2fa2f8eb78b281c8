"""The circuit breaker: three deaths in half a minute, then a pause that grows."""

import pytest

from conversational_rag.vectorstores.circuit_breaker import CircuitBreaker, CircuitOpen


class Patient:
    """Something that dies right after each start, under a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.breaker = CircuitBreaker(lambda: self.now)

    def start(self, *times: float) -> None:
        """Start at each of these seconds of the test."""
        for time in times:
            self.now = 1000.0 + time
            self.breaker.admit()

    def pause(self, time: float) -> float:
        """The pause that a start at this second meets."""
        with pytest.raises(CircuitOpen) as caught:
            self.start(time)
        return caught.value.retry_after_seconds


@pytest.fixture
def patient() -> Patient:
    return Patient()


def test_the_third_death_within_half_a_minute_opens_the_circuit(patient: Patient) -> None:
    patient.start(0, 1, 2)
    assert patient.pause(3) == 2.0


def test_deaths_far_apart_never_do(patient: Patient) -> None:
    patient.start(*range(0, 500, 16))


def test_the_pause_runs_off_while_starts_are_refused(patient: Patient) -> None:
    patient.start(0, 0, 0)
    assert patient.pause(0) == 2.0
    assert patient.pause(0.5) == 1.5
    assert patient.pause(1.75) == 0.25
    patient.start(2)


def test_one_more_death_after_the_pause_opens_it_again_for_twice_as_long_up_to_a_minute(patient: Patient) -> None:
    patient.start(0, 0, 0)
    now, pauses = 0.0, []
    for _ in range(7):
        pauses.append(patient.pause(now))
        now += pauses[-1]
        patient.start(now)
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_after_half_a_minute_of_health_it_is_as_patient_as_at_first(patient: Patient) -> None:
    patient.start(0, 0, 0)
    patient.pause(0)
    patient.start(2, 40, 41)
    assert patient.pause(42) == 2.0


def test_a_start_that_failed_can_open_it_at_once_and_says_why(patient: Patient) -> None:
    patient.start(0)
    reason = OSError("no such folder")
    patient.breaker.trip(reason)
    with pytest.raises(CircuitOpen) as caught:
        patient.start(1)
    assert (caught.value.retry_after_seconds, caught.value.reason) == (1.0, reason)


def test_a_death_later_on_no_longer_gives_the_reason_of_a_failed_start(patient: Patient) -> None:
    patient.breaker.trip(OSError("no such folder"))
    patient.start(2)
    with pytest.raises(CircuitOpen) as caught:
        patient.start(3)
    assert caught.value.reason is None


def test_reset_forgets_everything(patient: Patient) -> None:
    patient.start(0, 0, 0)
    patient.pause(0)
    patient.breaker.reset()
    patient.start(0, 0, 0)
    assert patient.pause(0) == 2.0
