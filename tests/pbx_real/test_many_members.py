"""Five thousand members in a real Asterisk's answer."""

from time import monotonic

from tests.pbx_real.following import Following, followed_by

MEMBERS = 5_000
LIVE_S_MAX = 10.0  # some 3 MB of answer, which Asterisk writes, and a floor of the same size


def members(count: int) -> str:
    return "[static]\n" + "".join(f"member => Local/{1_000 + n}@agents/n,0,Agent {n}\n" for n in range(count))


async def test_five_thousand_members_are_all_there_and_a_second_answer_changes_nothing(asterisk):
    asterisk.rewrite("queues.conf", r"\[static\]\n", members(MEMBERS))
    with asterisk.drive() as pbx:
        pbx.command("module reload app_queue.so")
        since = monotonic()
        async with Following(asterisk.port, snapshot_interval_s=0.5) as ccd:
            assert monotonic() - since < LIVE_S_MAX
            first = (await ccd.until(lambda: ccd.snapshots))[0]
            assert len({member.seat for member in first.members}) == MEMBERS
            await ccd.until(lambda: len(ccd.snapshots) > 1, 20)
            assert len(ccd.losses) == 0
            segments = followed_by(ccd.events)
            assert len(segments) == MEMBERS
            assert {len(line) for line in segments.values()} == {1}
            asterisk.rewrite("queues.conf", r"member => Local/[3-5]\d{3}@.*\n", "")
            pbx.command("module reload app_queue.so")
            await ccd.until(lambda: len(ccd.snapshots[-1].members) == 2_000, 20)
            lines = followed_by(ccd.events).values()
            assert sum(line[-1].view.state.name == "SIGNED_OUT" for line in lines) == MEMBERS - 2_000
            assert {len(line) for line in lines} == {1, 3}  # gone without a word: unobserved since the answer before
