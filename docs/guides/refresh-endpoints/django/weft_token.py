"""POST /weft/token: hands the widget a token for the visitor who is logged in."""

import logging
import os

import httpx
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)


# The widget has no CSRF token. The check of Sec-Fetch-Site does that work.
@csrf_exempt
@cache_control(no_store=True)
@require_POST
def weft_token(request: HttpRequest) -> JsonResponse:
    # The browser writes this header. A page of another site can't change it.
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return JsonResponse({"error": "cross_site"}, status=403)
    if not request.user.is_authenticated:
        return JsonResponse({"error": "not_logged_in"}, status=401)
    try:
        return JsonResponse({"token": mint(request.user)})
    except (httpx.HTTPError, ValueError) as error:
        why = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
        log.warning("weft: no token: %s", why)
        return JsonResponse({"error": "chat_unavailable"}, status=502)


def mint(user) -> str:
    body = {"user": {"id": str(user.pk), "name": user.get_full_name(), "email": user.email}}
    answer = httpx.post(
        os.environ["WEFT_URL"] + "/widget-token",
        headers={"Authorization": f"Bearer {os.environ['WEFT_SECRET_KEY']}"},
        json=body,
        timeout=5,
    )
    answer.raise_for_status()
    match answer.json():
        case {"token": str(token)}:
            return token
    raise ValueError("no token in the answer")
