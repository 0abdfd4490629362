"""What is recorded of an agent, for the agent's own page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.served.recorded_of import Sum, categories, recorded_lines, sums
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.web.recorded_api import CategorySaid, RecordedDesk, RecordedLineSaid


def recorded_desk(current: Current, engine: AsyncEngine) -> RecordedDesk:
    async def told(agent: str) -> list[CategorySaid]:
        async with reading(engine) as connection:
            found = await connection.run_sync(lambda plain: sums(plain, current.site, agent))
        return [as_said(one) for one in found]

    async def listed(
        agent: str, name: str, after: Sequence[Any] | None, limit: int
    ) -> list[tuple[RecordedLineSaid, Sequence[Any]]] | None:
        def look(plain: Connection) -> list[tuple[RecordedLineSaid, Sequence[Any]]] | None:
            wanted = next((one for one in categories(plain, current.site, agent) if one.name == name), None)
            if wanted is None:
                return None
            found = recorded_lines(plain, wanted, after, limit)
            return [(RecordedLineSaid(at=one.at / SECOND, what=one.what), one.place) for one in found]

        async with reading(engine) as connection:
            return await connection.run_sync(look)

    return RecordedDesk(told, listed)


def as_said(one: Sum) -> CategorySaid:
    first, last = (None if at is None else at / SECOND for at in (one.first, one.last))
    kept, seen_by = one.category.kept_days, list(one.category.seen_by)
    return CategorySaid(name=one.category.name, rows=one.rows, first=first, last=last, kept_days=kept, seen_by=seen_by)
