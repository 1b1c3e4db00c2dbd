"""POST /weft/token: hands the widget a token for the visitor who is logged in."""

import asyncio
import logging
import os

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

router = APIRouter()
log = logging.getLogger(__name__)
weft = httpx.AsyncClient(
    base_url=os.environ["WEFT_URL"],
    headers={"Authorization": f"Bearer {os.environ['WEFT_SECRET_KEY']}"},
)


@router.post("/weft/token")
async def weft_token(request: Request) -> JSONResponse:
    # The browser writes this header. A page of another site can't change it.
    if request.headers.get("sec-fetch-site") != "same-origin":
        return reply(403, {"error": "cross_site"})
    # Your own login, for example a dependency that gives the user or None.
    user = request.session.get("user")
    if user is None:
        return reply(401, {"error": "not_logged_in"})
    try:
        async with asyncio.timeout(5):
            token = await mint(user)
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        why = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
        log.warning("weft: no token: %s", why)
        return reply(502, {"error": "chat_unavailable"})
    return reply(200, {"token": token})


async def mint(user: dict) -> str:
    body = {"user": {"id": str(user["id"]), "name": user["name"], "email": user["email"]}}
    answer = await weft.post("/widget-token", json=body)
    answer.raise_for_status()
    match answer.json():
        case {"token": str(token)}:
            return token
    raise ValueError("no token in the answer")


def reply(status: int, body: dict) -> JSONResponse:
    return JSONResponse(body, status, {"Cache-Control": "no-store"})
