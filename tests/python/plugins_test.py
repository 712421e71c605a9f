"""Schedulers and workloads in Python stand beside the built-in ones."""

import json
import traceback
from collections import deque

import pytest
import xensim


@xensim.scheduler("python-round-robin")
class RoundRobin(xensim.Scheduler):
    """Answers exactly as the built-in round-robin."""

    def __init__(self, cpus: int, *, slice_us: int = 10_000) -> None:
        self.slice = slice_us * 1000
        self.queues = [deque() for _ in range(cpus)]
        self.current = [None] * cpus
        self.home = {}

    def add(self, vcpu, cpu, share, now):
        self.home[vcpu] = cpu

    def sleep(self, vcpu, now):
        self.queues[self.home[vcpu]].remove(vcpu)

    def wake(self, vcpu, now):
        cpu = self.home[vcpu]
        self.queues[cpu].appendleft(vcpu)
        return None if self.current[cpu] is not None else now

    def schedule(self, cpu, current_runnable, now):
        queue = self.queues[cpu]
        if self.current[cpu] is not None and current_runnable:
            queue.append(self.current[cpu])
        self.current[cpu] = queue.popleft() if queue else None
        return self.current[cpu], self.slice, 1


class Broken(RoundRobin):
    """Does what a test tells it to do, after some good passes and once a vCPU of the processor is blocked."""

    answer = None

    def blocked(self, cpu):
        busy = {*self.queues[cpu], self.current[cpu]}
        return next((v for v, home in self.home.items() if home == cpu and v not in busy), None)

    def __init__(self, cpus):
        super().__init__(cpus)
        self.passes = 0

    def schedule(self, cpu, current_runnable, now):
        good = super().schedule(cpu, current_runnable, now)
        self.passes += 1
        if self.passes < 20 or self.blocked(cpu) is None:
            return good
        return type(self).answer(self, cpu, good)


@xensim.workload("python-hog", working_set=4096)
def hog(instance, random, *, burst_ms: int = 3, rest_ms: int = 20):
    """As the built-in cpu_hog."""
    while True:
        yield xensim.compute(ms=burst_ms)
        yield xensim.sleep(ms=rest_ms)


def values(experiment, jobs=1):
    frame = experiment.run(jobs=jobs, progress=False, audit=True)
    return frame[["replication", "metric", "unit", "value"]].values.tolist()


@pytest.mark.parametrize("slice_ms", [1, 10])
def test_a_python_scheduler_gives_what_the_built_in_one_gives(small, slice_ms):
    built_in = small.with_(scheduler={"name": "round-robin", "slice": f"{slice_ms} ms"})
    own = small.with_(scheduler={"name": "python-round-robin", "slice_us": slice_ms * 1000})
    expected = values(built_in)
    assert any(metric == "host0/cpu0/schedule/scanned" and value > 10 for _, metric, _, value in expected)
    assert values(own) == expected
    assert values(own, jobs=2) == expected


def test_a_python_workload_gives_what_the_built_in_one_gives(small):
    own = small.with_({"domains[1].workload": "python-hog"})
    assert values(own) == values(small)
    assert values(own.with_({"domains[1].workload.burst_ms": 4})) != values(small)


def test_plug_ins_can_be_swept(small):
    frame = small.sweep(scheduler=["round-robin", "python-round-robin"]).run(jobs=2, progress=False)
    one, other = (group["value"].tolist() for _, group in frame.groupby("scheduler"))
    assert one == other


def test_a_workload_may_start_several_programs_that_end(small):
    @xensim.workload("three-short-programs")
    def three(instance, random):
        def program(length):
            yield xensim.compute(ms=length, working_set=100_000)

        return [program(length) for length in (10, 20, 30)]

    # An instance starts some 60 ms before the measurement, which catches most of its work.
    frame = small.with_({"domains[1].workload": "three-short-programs"}).run(jobs=1, progress=False)
    work = frame.query("metric == 'rests/throughput'")["value"] * 0.3
    assert ((work > 0) & (work <= 2 * 0.060)).all()


def test_random_numbers_depend_on_the_seed_and_the_instance_alone(small):
    drawn = {}

    @xensim.workload("draws")
    def draws(instance, random):
        drawn.setdefault(instance, []).append((random.below(1000), random.random(), random.next()))
        yield xensim.compute(ms=1)

    experiment = small.replications(1).with_({"domains[0].workload": "draws"})
    experiment.run(jobs=1, progress=False)
    experiment.with_({"domains[1].count": 0}).run(jobs=1, progress=False)
    assert sorted(drawn) == [0, 1, 2]
    assert all(first == second for first, second in drawn.values())
    assert len({first for first, _ in drawn.values()}) == 3


def test_each_replication_draws_other_lots_and_the_same_seed_the_same(small):
    drawn = []

    class Lottery(RoundRobin):
        """Each turn by lot."""

        def draw_from(self, random):
            self.random = random

        def schedule(self, cpu, current_runnable, now):
            if queue := self.queues[cpu]:
                drawn.append(self.random.random())
                queue.rotate(int(drawn[-1] * len(queue)))
            return super().schedule(cpu, current_runnable, now)

    xensim.scheduler("python-lottery")(Lottery)
    drawing = small.with_({"platform.scheduler": "python-lottery"}, replications=2)
    numbers = []
    for replication in (0, 1, 0):
        drawing.one(replication=replication).run()
        numbers.append(drawn.copy())
        drawn.clear()
    assert len(numbers[0]) > 20
    assert numbers[0] == numbers[2]
    assert numbers[0][:5] != numbers[1][:5]


def test_generators_are_closed_when_the_run_is_over(small):
    closed = []

    @xensim.workload("cleans-up")
    def cleans_up(instance, random):
        try:
            while True:
                yield xensim.compute(ms=1)
        finally:
            closed.append(instance)

    small.replications(1).with_({"domains[0].workload": "cleans-up"}).run(jobs=1, progress=False)
    assert sorted(closed) == [0, 1, 2]


def test_an_exception_in_a_workload_surfaces_with_its_traceback(small):
    @xensim.workload("divides")
    def divides(instance, random):
        yield xensim.compute(ms=5)
        yield xensim.compute(ms=1 // instance)

    broken = small.with_({"domains[0].workload": "divides"})
    with pytest.raises(ZeroDivisionError) as caught:
        broken.run(jobs=1, progress=False)
    assert "divides" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    with pytest.raises(ZeroDivisionError) as caught:
        broken.run(jobs=2, progress=False)
    assert "in divides" in str(caught.value.__cause__)
    assert values(small), "the process is as good as before"


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda self, cpu, good: 1 / 0, ZeroDivisionError, "division"),
        (lambda self, cpu, good: 5, TypeError, "expected .vcpu or None"),
        (lambda self, cpu, good: (4711, 1_000_000), xensim.SimulationError, "which does not exist"),
        (lambda self, cpu, good: (good[0], 0), xensim.SimulationError, "a slice of 0 ns"),
        (lambda self, cpu, good: (good[0], 2**62), xensim.SimulationError, "a slice of"),
        (lambda self, cpu, good: (0 if cpu == 1 else 1, 10**7), xensim.SimulationError, "was added to"),
        (lambda self, cpu, good: (self.blocked(cpu), 10**7), xensim.SimulationError, "is not runnable"),
        (lambda self, cpu, good: ("first", 1_000_000), TypeError, "expected .vcpu or None"),
    ],
)
def test_what_a_scheduler_may_not_answer(small, answer, error, message):
    Broken.answer = answer
    xensim.scheduler("broken")(Broken)
    with pytest.raises(error, match=message):
        small.with_(scheduler="broken").run(jobs=1, progress=False)
    assert values(small), "the process is as good as before"


@pytest.mark.parametrize("method", ["wake", "event_marked", "deadline", "expire"])
def test_a_scheduler_answers_times_in_whole_nanoseconds(small, method):
    policy = type("Dreamer", (RoundRobin,), {method: lambda self, *_: "soon"})
    if method == "expire":
        policy.deadline = lambda self, cpu: 0
    xensim.scheduler("dreamer")(policy)
    with pytest.raises(TypeError, match=rf'scheduler "dreamer": {method}\(\) returned .soon.; expected whole'):
        small.with_(scheduler="dreamer").run(jobs=1, progress=False)


def test_a_scheduler_without_a_needed_method_says_which(small):
    xensim.scheduler("half")(type("Half", (xensim.Scheduler,), {"__init__": lambda self, cpus: None}))
    with pytest.raises(NotImplementedError, match=r"Half has no add\(\)"):
        small.with_(scheduler="half").run(jobs=1, progress=False)


def test_built_in_names_stay_built_in(small):
    with pytest.raises(xensim.InputError, match='"round-robin", which is a built-in scheduler'):
        xensim.scheduler("round-robin")(RoundRobin)
    with pytest.raises(xensim.InputError, match='"cpu_hog", which is a built-in workload'):
        xensim.workload("cpu_hog")(hog)
    with pytest.raises(xensim.InputError, match="empty name"):
        xensim.scheduler("")(RoundRobin)


@pytest.mark.parametrize("programs", [3, None, [3], [None]])
def test_a_workload_returns_generators(small, programs):
    xensim.workload("returns-no-generator")(lambda instance, random: programs)
    with pytest.raises(TypeError, match=r'"returns-no-generator" returned .*; expected a generator'):
        small.with_({"domains[0].workload": "returns-no-generator"}).run(jobs=1, progress=False)


def test_times_beyond_simulated_time_are_refused():
    assert xensim.nanoseconds(s=9e6) == 9 * 10**15
    for days in (1e30, float("inf"), float("nan"), 1e7):
        with pytest.raises(ValueError):
            xensim.compute(s=days)


def test_a_workload_may_only_yield_operations(small):
    @xensim.workload("yields-a-number")
    def yields_a_number(instance, random):
        yield 5

    with pytest.raises(TypeError, match=r'"yields-a-number" yielded 5; expected xensim.compute'):
        small.with_({"domains[0].workload": "yields-a-number"}).run(jobs=1, progress=False)


def test_a_simulation_inside_a_simulation_is_refused(small):
    run = small.runs[0]

    @xensim.workload("nests")
    def nests(instance, random):
        xensim.simulate(json.loads(run.text), run.seed)
        yield xensim.compute(ms=1)

    with pytest.raises(xensim.SimulationError, match="one at a time"):
        small.with_({"domains[0].workload": "nests"}).run(jobs=1, progress=False)


def test_parameters_of_plug_ins_are_checked(small):
    with pytest.raises(xensim.InputError, match='did you mean "slice_us"'):
        small.with_(scheduler={"name": "python-round-robin", "slice_ms": 1})
    with pytest.raises(xensim.InputError, match="scheduler.slice_us: found .*integer"):
        small.with_(scheduler={"name": "python-round-robin", "slice_us": "1 ms"})
    with pytest.raises(TypeError, match="subclass of Scheduler"):
        xensim.scheduler("nothing")(object)
    with pytest.raises(ValueError, match="negative"):
        xensim.sleep(ms=-1)
    with pytest.raises(ValueError, match="working set of 3 bytes"):
        xensim.compute(ms=1, working_set=3)


def test_plug_ins_are_in_the_catalogue():
    entry = next(e for e in xensim.catalogue()["schedulers"] if e["name"] == "python-round-robin")
    assert entry["help"] == "Answers exactly as the built-in round-robin."
    assert [parameter["name"] for parameter in entry["parameters"]] == ["slice_us"]
