"""For those who watch over ccd: is it alive, is it ready, how is it doing."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


def probes(missing: Callable[[], Mapping[str, str]], registry: CollectorRegistry) -> APIRouter:
    """`missing` names what is not there, and why."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def is_alive() -> dict[str, str]:
        """Whoever can answer is alive."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def is_ready() -> JSONResponse:
        found = dict(missing())
        status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
        return JSONResponse({"status": "not ready" if found else "ok", "missing": found}, status)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
