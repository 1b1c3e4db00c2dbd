"""A site around the endpoint, for try.mjs: its login lets everybody in."""

from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

from weft_token import router

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="for the trial only")
app.include_router(router)


@app.post("/try/login", status_code=204)
async def login(request: Request) -> None:
    request.session["user"] = {"id": 1042, "name": "Mia Lindqvist", "email": "mia@shop.example"}
